import type { Explanation, Reason, RunPage } from "../../api/types";
import { count, duration, moment, plural } from "../../parts/formats";
import { PayloadView } from "../../parts/Payload";
import { Sign } from "../../parts/Status";
import { useNow } from "../../parts/Time";

/** The panel of the whole run: why it stands where it stands, what went in and came out. */
export function RunOverview({
  page,
  explanation,
  onSelect,
}: {
  page: RunPage;
  explanation: Explanation | null;
  onSelect: (slug: string) => void;
}) {
  const { run, steps } = page;
  const by = (status: string) => steps.filter((step) => step.status === status).length;

  return (
    <aside className="card panel" aria-label="The whole run">
      <div className="panel-head">
        <h2>This run</h2>
        <span className="soft small">select a step for more</span>
      </div>
      <div className="panel-body">
        {explanation && <Explain explanation={explanation} status={run.status} onSelect={onSelect} />}
        <dl className="facts">
          <dt>Steps</dt>
          <dd>
            {count(by("completed"))} of {count(run.steps_total)} completed
            {by("skipped") > 0 && `, ${count(by("skipped"))} skipped`}
            {by("failed") > 0 && `, ${count(by("failed"))} failed`}
          </dd>
          <dt>Started</dt>
          <dd>{moment(run.started_at)}</dd>
          <dt>Ended</dt>
          <dd>{run.ended_at ? moment(run.ended_at) : "not yet"}</dd>
        </dl>
        <PayloadView title="Input" payload={run.input} source={{ run: run.run_id, kind: "input" }} />
        <PayloadView
          title="Output"
          payload={run.output}
          source={{ run: run.run_id, kind: "output" }}
          none={run.status === "started" ? "It comes when the run has completed." : "This run has no output."}
        />
      </div>
    </aside>
  );
}

const MOST = 12;

function Explain({
  explanation,
  status,
  onSelect,
}: {
  explanation: Explanation;
  status: string;
  onSelect: (slug: string) => void;
}) {
  const { ending, reasons } = explanation;
  
  // Steps that wait for others, or for a release, say nothing that is not shown already.
  const waiting = reasons.filter((reason) => reason.situation === "waiting");
  const told = reasons.filter(({ situation }) => situation !== "waiting" && situation !== "paused");
  if (!ending && told.length + waiting.length === 0) return null;
  return (
    <section className="stack tight" aria-label="Explanation">
      <h3>{status === "started" ? "What it is doing" : "How it ended"}</h3>
      {ending && (
        <p className={`sentence tone-${{ completed: "good", failed: "bad" }[status] ?? "aside"}`}>
          <Sign status={status} /> {ending}
        </p>
      )}
      <ul className="stack tight">
        {told.slice(0, MOST).map((reason) => (
          <li key={reason.step_slug + reason.situation}>
            <ReasonLine reason={reason} onSelect={onSelect} />
          </li>
        ))}
      </ul>
      {told.length > MOST && <p className="soft small">… and {told.length - MOST} more</p>}
      {waiting.length > 0 && (
        <details className="small">
          <summary>{plural(waiting.length, "step waits", "steps wait")} for the steps before</summary>
          <ul className="sentences soft">
            {waiting.slice(0, 100).map((reason) => (
              <li key={reason.step_slug}>{reason.sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

export function ReasonLine({ reason, onSelect }: { reason: Reason; onSelect?: (slug: string) => void }) {
  return (
    <p className="sentence">
      {onSelect && (
        <button type="button" className="quiet mono" onClick={() => onSelect(reason.step_slug)}>
          {reason.step_slug}
        </button>
      )}{" "}
      {withoutName(reason)}
      {reason.due_at && <Due at={reason.due_at} />}
    </p>
  );
}

/** The sentence begins with the name of the step, which stands beside it already. */
function withoutName({ sentence, step_slug }: Reason): string {
  const rest = sentence.startsWith(`${step_slug}: `) ? sentence.slice(step_slug.length + 2) : sentence;
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

function Due({ at }: { at: string }) {
  const now = useNow(200);
  const left = (Date.parse(at) - now) / 1000;
  return left > 0 ? <strong className="figures"> · in {duration(Math.ceil(left))}</strong> : null;
}
