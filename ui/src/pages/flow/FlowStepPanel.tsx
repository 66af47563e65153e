import type { FlowStep, Handler } from "../../api/types";
import { goWith } from "../../app/router";
import { CodeBlock } from "../../parts/CodeBlock";
import { Copy } from "../../parts/Copy";
import { brief, shortPath } from "../../parts/formats";
import { JsonText } from "../../parts/Payload";

const MODES: Record<string, string> = {
  fail: "the run fails",
  skip: "the step is skipped; its dependents go on",
  "skip-cascade": "the step and its dependents are skipped",
};

/** What is known of a step before it runs. */
export function FlowStepPanel({ step }: { step: FlowStep }) {
  return (
    <aside className="card panel" aria-label={`Step ${step.slug}`}>
      <div className="panel-head">
        <h2 className="name">{step.slug}</h2>
        <button type="button" className="icon-button" onClick={() => goWith({ step: null })} aria-label="Back to the whole flow">
          ×
        </button>
      </div>
      <div className="panel-body">
        {step.handler?.doc && <p>{step.handler.doc}</p>}
        <Wiring step={step} />
        <Conditions step={step} />
        <Options step={step} />
        {step.handler ? (
          <Source handler={step.handler} />
        ) : (
          <p className="soft">The code of this step is not loaded: start the page with the module of this flow to see it.</p>
        )}
      </div>
    </aside>
  );
}

function Wiring({ step }: { step: FlowStep }) {
  const { handler } = step;
  return (
    <dl className="facts">
      <dt>Type</dt>
      <dd>{step.step_type === "map" ? "map: one task for each element" : "single"}</dd>
      <dt>Depends on</dt>
      <dd>
        {step.dependencies.length === 0 && "nothing: it starts with the run"}
        {step.dependencies.map((slug) => (
          <button key={slug} type="button" className="quiet mono" onClick={() => goWith({ step: slug })}>
            {slug}
          </button>
        ))}
      </dd>
      {handler?.parameters.map((parameter) => (
        <Parameter key={parameter.name} {...parameter} />
      ))}
      {handler && (
        <>
          <dt>Returns</dt>
          <dd>
            <code>{handler.returns}</code>
          </dd>
        </>
      )}
    </dl>
  );
}

function Parameter({ name, type, source }: Handler["parameters"][number]) {
  return (
    <>
      <dt className="mono">{name}</dt>
      <dd>
        <code>{type}</code> <span className="soft small">{source}</span>
      </dd>
    </>
  );
}

function Conditions({ step }: { step: FlowStep }) {
  const exhausted = step.when_exhausted ?? "fail";
  const hasCondition = step.when !== null || step.unless !== null;
  if (!hasCondition && exhausted === "fail") return null;
  return (
    <section className="stack tight">
      <h3>{hasCondition ? "◇ Conditions" : "When attempts run out"}</h3>
      {step.when !== null && <Pattern word="when the input contains" pattern={step.when} />}
      {step.unless !== null && <Pattern word="unless the input contains" pattern={step.unless} />}
      {hasCondition && <p className="small">If not: {MODES[step.when_unmet ?? "skip"]}.</p>}
      {exhausted !== "fail" && <p className="small">When the last attempt fails: {MODES[exhausted]}.</p>}
    </section>
  );
}

function Pattern({ word, pattern }: { word: string; pattern: FlowStep["when"] }) {
  return (
    <div>
      <p className="small soft">{word}</p>
      <pre className="code">
        <JsonText text={JSON.stringify(pattern, null, 2)} />
      </pre>
    </div>
  );
}

function Options({ step }: { step: FlowStep }) {
  const { options, effective } = step;
  const rows: [string, keyof typeof options, string][] = [
    ["Attempts", "max_attempts", String(effective.max_attempts)],
    ["Base delay", "base_delay", brief(effective.base_delay)],
    ["Timeout", "timeout", brief(effective.timeout)],
    ["Start delay", "start_delay", brief(effective.start_delay)],
  ];
  return (
    <section className="stack tight">
      <h3>Options</h3>
      <dl className="facts">
        {rows.map(([label, name, shown]) => (
          <div key={name} className="contents">
            <dt>{label}</dt>
            <dd>
              {shown} {options[name] === null && <span className="soft small">inherited</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Source({ handler }: { handler: Handler }) {
  const place = handler.file ? `${handler.file}${handler.line ? `:${handler.line}` : ""}` : handler.module;
  return (
    <section className="stack tight">
      <div className="row">
        <h3>{handler.is_async ? "Code (async)" : "Code"}</h3>
        <span className="push">
          <Copy text={place} what="file and line" label="file:line" />
        </span>
      </div>
      <p className="soft small mono clip" title={place}>
        {shortPath(place)}
      </p>
      {handler.code && <CodeBlock text={handler.code} what="code of the step" isProgram />}
    </section>
  );
}
