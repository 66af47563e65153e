import { api } from "../../api/client";
import type { RunPage } from "../../api/types";
import { useShortcuts } from "../../app/keys";
import { addresses, Link } from "../../app/router";
import { useShell } from "../../app/shell";
import { Copy } from "../../parts/Copy";
import { plural } from "../../parts/formats";
import { Icon } from "../../parts/Icon";
import { Status } from "../../parts/Status";
import { Ago, Elapsed } from "../../parts/Time";

/** The run in a line, and what can be done with it. */
export function RunHead({
  page,
  onChange,
  onRerun,
}: {
  page: RunPage;
  onChange: () => void;
  onRerun: () => void;
}) {
  const { run, actions } = page;
  const { ask, attempt, say, canAct } = useShell();
  const can = (action: RunPage["actions"][number]) => canAct && actions.includes(action);
  const isPaused = run.paused_at !== null && run.status === "started";

  const act = async (action: "cancel" | "retry" | "pause" | "resume", done: string) => {
    if (await attempt(() => api.act(run.run_id, action))) say(done);
    onChange();
  };
  const cancel = async () => {
    const yes = await ask({
      title: "Cancel this run?",
      text: `${plural(run.steps_open, "step")} will not finish. Handlers that are at work are told to stop. What is done stays done.`,
      action: "Cancel the run",
      danger: true,
    });
    if (yes) await act("cancel", "The run is cancelled");
  };
  const retry = async () => {
    const failed = page.steps.filter((step) => step.status === "failed").map((step) => step.slug);
    const yes = await ask({
      title: "Retry what failed?",
      text: `${failed.join(", ") || "The failed steps"} will be tried again, with fresh attempts. Completed steps keep their outputs.`,
      action: "Retry",
    });
    if (yes) await act("retry", "The failed steps run again");
  };

  useShortcuts([
    ...(can("retry") ? [{ keys: "r", does: "Retry what failed", run: () => void retry() }] : []),
    ...(can("cancel") ? [{ keys: "x", does: "Cancel the run", run: () => void cancel() }] : []),
    ...(can("rerun") ? [{ keys: "a", does: "Run again with edited input", run: onRerun }] : []),
  ]);

  return (
    <div className="page-head">
      <nav className="crumbs" aria-label="Where this run belongs">
        <Link href={addresses.flow(run.flow_slug)}>{run.flow_slug}</Link>
        <span aria-hidden="true">/</span>
        <Link href={addresses.runs(run.flow_slug)}>runs</Link>
        {run.rerun_of && (
          <span className="push">
            runs again{run.rerun_of.step ? ` from ${run.rerun_of.step}` : ""}:{" "}
            <Link href={addresses.run(run.rerun_of.run_id)}>the run before</Link>
          </span>
        )}
      </nav>
      <h1 className="run-title">
        Run <span className="mono">{run.run_id}</span>
        <Copy text={run.run_id} what="run id" />
      </h1>
      <Status status={isPaused ? "paused" : run.status} />
      <span className="soft">
        <Elapsed from={run.started_at} to={run.ended_at} /> · started <Ago at={run.started_at} />
      </span>
      <div className="actions">
        {can("retry") && (
          <button type="button" className="button primary" onClick={retry}>
            <Icon shape="again" /> Retry failed
          </button>
        )}
        {can("rerun") && (
          <button type="button" className="button" onClick={onRerun}>
            Run again …
          </button>
        )}
        {can("pause") && !isPaused && (
          <button type="button" className="button" onClick={() => act("pause", "Paused: no further step starts")}>
            <Icon shape="pause" /> Pause
          </button>
        )}
        {can("cancel") && (
          <button type="button" className="button danger" onClick={cancel}>
            Cancel …
          </button>
        )}
      </div>
    </div>
  );
}
