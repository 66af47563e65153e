import { api } from "../../api/client";
import type { RunPage, RunStep } from "../../api/types";
import { useShortcuts } from "../../app/keys";
import { useShell } from "../../app/shell";
import { Sign } from "../../parts/Status";

/** The controls of a paused run: let one step go, or all. */
export function StepThrough({
  page,
  selected,
  onSelect,
  onChange,
}: {
  page: RunPage;
  selected: RunStep | null;
  onSelect: (slug: string) => void;
  onChange: () => void;
}) {
  const { attempt, say, canAct } = useShell();
  const { run, steps } = page;
  const isPaused = run.paused_at !== null && run.status === "started";
  const ready = steps.filter((step) => step.is_ready);
  const chosen = selected?.is_ready ? selected : ready[0];
  const atWork = steps.filter((step) => step.status === "started" && !step.is_ready);

  const release = async () => {
    await attempt(async () => {
      const { released } = await api.release(run.run_id, chosen?.slug ?? null);
      if (released) onSelect(released);
      else say("No step is ready: wait until those at work have finished", "bad");
    });
    onChange();
  };
  const resume = async () => {
    if (await attempt(() => api.act(run.run_id, "resume"))) say("The run goes on by itself");
    onChange();
  };

  useShortcuts(isPaused && canAct ? [{ keys: "n", does: "Next: let one ready step run", run: () => void release() }] : []);
  if (!isPaused) return null;

  return (
    <section className="step-through tone-aside" aria-label="Step through">
      <Sign status="paused" />
      <p>
        <strong>Paused.</strong>{" "}
        {ready.length > 0 ? (
          <>
            Ready to go on:{" "}
            {ready.slice(0, 5).map((step) => (
              <button key={step.slug} type="button" className="chip mono" onClick={() => onSelect(step.slug)}>
                {step.slug}
              </button>
            ))}
            {ready.length > 5 && ` and ${ready.length - 5} more`}
          </>
        ) : atWork.length > 0 ? (
          <>{atWork.map((step) => step.slug).slice(0, 5).join(", ")} at work; look at the output before going on.</>
        ) : (
          <>No step is ready.</>
        )}
      </p>
      {canAct && (
        <div className="row push">
          <button type="button" className="button primary" onClick={release} disabled={!chosen}>
            Next: {chosen?.slug ?? "…"} <kbd>n</kbd>
          </button>
          <button type="button" className="button" onClick={resume}>
            Run to the end
          </button>
        </div>
      )}
    </section>
  );
}
