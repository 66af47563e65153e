import { useState } from "react";

import { api } from "../../api/client";
import type { Handler, Json, Payload, Reason, RunPage, RunStep, Task } from "../../api/types";
import { useData } from "../../api/useData";
import { addresses } from "../../app/router";
import { useShell } from "../../app/shell";
import { Copy } from "../../parts/Copy";
import { count, shortPath } from "../../parts/formats";
import { PayloadView } from "../../parts/Payload";
import { Status } from "../../parts/Status";
import { Elapsed } from "../../parts/Time";
import { Elements } from "./Elements";
import { stepStatus } from "./looks";
import { OutputEditor } from "./OutputEditor";
import { ReasonLine } from "./RunOverview";

interface StepPanelProps {
  page: RunPage;
  step: RunStep;
  handler: Handler | null;
  version: number;
  reasons: Reason[];
  onClose: () => void;
  onChange: () => void;
  onRerun: () => void;
}

/** Everything about one step of the run. */
export function StepPanel({ page, step, handler, version, reasons, onClose, onChange, onRerun }: StepPanelProps) {
  const { canAct } = useShell();
  const { run } = page;
  const [editing, setEditing] = useState(false);
  const mine = reasons.filter((reason) => reason.step_slug === step.slug);

  return (
    <aside className="card panel" aria-label={`Step ${step.slug}`}>
      <div className="panel-head">
        <h2 className="name">{step.slug}</h2>
        <Copy text={() => Promise.resolve(location.origin + addresses.run(run.run_id, step.slug))} what="link to this step" />
        <button type="button" className="icon-button" onClick={onClose} aria-label="Back to the whole run">
          ×
        </button>
      </div>
      <div className="panel-body">
        <div className="row">
          <Status status={stepStatus(step)} />
          {step.is_ready && <span className="chip">ready</span>}
          {step.step_type === "map" && <span className="chip">× map</span>}
          {canAct && page.actions.includes("rerun") && (
            <button type="button" className="button small push" onClick={onRerun}>
              Run again from here …
            </button>
          )}
        </div>
        {mine.map((reason) => (
          <ReasonLine key={reason.situation} reason={reason} />
        ))}
        {step.error_message && <StepError step={step} />}
        {step.skip_reason && <p className="sentence tone-aside">Skipped: {step.skip_reason.replaceAll("_", " ")}</p>}
        <Facts step={step} />
        {step.step_type === "map" ? (
          <Elements run={run.run_id} step={step} version={version} />
        ) : (
          <SingleTask run={run.run_id} step={step} version={version} />
        )}
        {editing ? (
          <OutputEditor run={run.run_id} step={step} onClose={() => setEditing(false)} onSaved={onChange} />
        ) : (
          <>
            <PayloadView
              title={step.step_type === "map" ? "Output of all elements" : "Output"}
              payload={step.output}
              source={{ run: run.run_id, kind: "output", step: step.slug }}
              none={step.status === "completed" ? "null" : step.status === "failed" ? "It failed before there was one." : "This step has no output yet."}
            />
            {canAct && step.can_edit_output && (
              <button type="button" className="button" onClick={() => setEditing(true)}>
                Edit this output before its dependents run
              </button>
            )}
          </>
        )}
        {handler && <HandlerLine handler={handler} />}
      </div>
    </aside>
  );
}

function StepError({ step }: { step: RunStep }) {
  const isFinal = step.status === "failed";
  return (
    <section className="stack tight">
      <h3>{isFinal ? "Error" : "An earlier attempt failed"}</h3>
      <p className={`sentence mono tone-${isFinal ? "bad" : "aside"}`}>{step.error_message}</p>
    </section>
  );
}

function Facts({ step }: { step: RunStep }) {
  return (
    <dl className="facts">
      {step.queued_at && step.started_at && (
        <>
          <dt>In the queue</dt>
          <dd>
            <Elapsed from={step.queued_at} to={step.started_at} />
          </dd>
        </>
      )}
      {step.started_at && (
        <>
          <dt>At work</dt>
          <dd>
            <Elapsed from={step.started_at} to={step.ended_at} />
          </dd>
        </>
      )}
      <dt>Attempts</dt>
      <dd>
        {step.step_type === "single"
          ? `${step.attempts} of at most ${step.max_attempts}`
          : `up to ${count(step.attempts)} of ${step.max_attempts} for an element`}
      </dd>
      {step.dependencies.length > 0 && (
        <>
          <dt>Depends on</dt>
          <dd>{step.dependencies.join(", ")}</dd>
        </>
      )}
    </dl>
  );
}

function SingleTask({ run, step, version }: { run: string; step: RunStep; version: number }) {
  const key = `task ${run} ${step.slug} ${step.status} ${step.attempts}`;
  const { data } = useData(`${key} ${step.status === "started" ? version : ""}`, (signal) =>
    api.tasks(run, step.slug, null, -1, signal),
  );
  const task = data?.tasks[0];
  // A step that is held back has no task yet; what it would get is known all the same.
  const held = useData(`held ${run} ${step.slug} ${step.is_ready}`, () =>
    step.is_ready ? api.payload(run, "input", step.slug).then(asPayload) : Promise.resolve(null),
  );
  return (
    <>
      {task?.worker_name && <WorkerLine task={task} />}
      <PayloadView
        title="Input"
        payload={task?.input ?? held.data}
        source={{ run, kind: "input", step: step.slug }}
        none="It is known when the steps before are done."
      />
    </>
  );
}

const SHOWN = 20_000;

function asPayload(value: Json): Payload {
  const text = JSON.stringify(value);
  return { preview: text.slice(0, SHOWN), bytes: new Blob([text]).size, is_whole: text.length <= SHOWN };
}

function WorkerLine({ task }: { task: Task }) {
  return (
    <p className="soft small">
      {task.status === "started" ? "Runs" : "Ran"} on {task.worker_name}
      {task.requeued_count > 0 && `; given back to the queue ${task.requeued_count} times after a worker was lost`}
    </p>
  );
}

function HandlerLine({ handler }: { handler: Handler }) {
  const place = handler.file ? `${handler.file}${handler.line ? `:${handler.line}` : ""}` : handler.module;
  return (
    <section className="stack tight">
      <h3>Handler</h3>
      <p className="row">
        <code>{handler.name}</code> <Copy text={place} what="file and line" />
      </p>
      <p className="soft small mono clip" title={place}>
        {shortPath(place)}
      </p>
    </section>
  );
}
