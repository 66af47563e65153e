import { useId, useState } from "react";

import type { EditCheck, Json, Mode, Shape, ShapeStep, StepOptions } from "../../../api/types";
import { descendants } from "../../../graph/layout";
import { parse } from "../../../parts/json";
import { OptionField } from "./OptionField";
import { changeStep, disconnected, renamed } from "./shapes";

type Change = (edit: (shape: Shape) => Shape) => void;

interface StepFormProps {
  shape: Shape;
  step: ShapeStep;
  errors: EditCheck["errors"];
  onChange: Change;
  onConnect: (from: string, to: string) => void;
  onRename: (slug: string) => void;
  onRemove: () => void;
  onClose: () => void;
}

/** All that can be changed of one step. */
export function StepForm({ shape, step, errors, onChange, onConnect, onRename, onRemove, onClose }: StepFormProps) {
  const set = (changes: Partial<ShapeStep>) => onChange((old) => changeStep(old, step.slug, changes));
  return (
    <aside className="card panel" aria-label={`Edit the step ${step.slug}`}>
      <div className="panel-head">
        <h2 className="name">{step.slug}</h2>
        <button type="button" className="icon-button" onClick={onClose} aria-label="Back to the whole flow">
          ×
        </button>
      </div>
      <div className="panel-body">
        {errors.map((error) => (
          <p key={error.message} className="sentence tone-bad" role="alert">
            {error.message}
          </p>
        ))}
        <Name shape={shape} step={step} onChange={onChange} onRename={onRename} />
        <div className="chips" role="group" aria-label="Type of the step">
          <button type="button" className="chip" aria-pressed={step.step_type === "single"} onClick={() => set({ step_type: "single" })}>
            single
          </button>
          <button type="button" className="chip" aria-pressed={step.step_type === "map"} onClick={() => set({ step_type: "map" })}>
            × map: a task for each element
          </button>
        </div>
        <Dependencies shape={shape} step={step} onChange={onChange} onConnect={onConnect} />
        <Options step={step} set={set} />
        <Conditions step={step} set={set} />
        <button type="button" className="button danger" onClick={onRemove}>
          Remove this step
        </button>
      </div>
    </aside>
  );
}

const SLUG = /^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;

function Name({ shape, step, onChange, onRename }: Pick<StepFormProps, "shape" | "step" | "onChange" | "onRename">) {
  const id = useId();
  const [text, setText] = useState(step.slug);
  const isTaken = text !== step.slug && shape.steps.some((other) => other.slug === text);
  const flaw = isTaken ? "Another step has this name" : SLUG.test(text) ? null : "Letters, digits and underscores; no digit first";
  const rename = () => {
    if (flaw || text === step.slug) return;
    onChange((old) => renamed(old, step.slug, text));
    onRename(text);
  };
  return (
    <div className="field">
      <label htmlFor={id}>Name</label>
      <input
        id={id}
        className="input mono"
        value={text}
        aria-invalid={flaw !== null}
        onChange={(event) => setText(event.target.value)}
        onBlur={rename}
        onKeyDown={(event) => event.key === "Enter" && rename()}
      />
      {flaw && <p className="field-error">{flaw}</p>}
    </div>
  );
}

function Dependencies({ shape, step, onChange, onConnect }: Pick<StepFormProps, "shape" | "step" | "onChange" | "onConnect">) {
  const after = descendants(shape.steps, step.slug);
  const possible = shape.steps.filter(({ slug }) => slug !== step.slug && !after.has(slug));
  const toggle = (slug: string, isOn: boolean) => {
    if (isOn) onConnect(slug, step.slug);
    else onChange((old) => disconnected(old, slug, step.slug));
  };
  return (
    <fieldset className="fieldset dependencies">
      <legend>Depends on</legend>
      {possible.length === 0 && <p className="soft small">No step can come before it.</p>}
      {possible.map(({ slug }) => (
        <label key={slug} className="check">
          <input
            type="checkbox"
            checked={step.dependencies.includes(slug)}
            onChange={(event) => toggle(slug, event.target.checked)}
          />
          <span className="mono clip">{slug}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Options({ step, set }: { step: ShapeStep; set: (changes: Partial<ShapeStep>) => void }) {
  const change = (name: keyof StepOptions) => (value: number | null) =>
    set({ options: { ...step.options, [name]: value } });
  return (
    <div className="option-grid">
      <OptionField label="Attempts" hint="for each task" least={1} value={step.options.max_attempts} onChange={change("max_attempts")} />
      <OptionField label="Base delay" hint="seconds, doubles" least={0} value={step.options.base_delay} onChange={change("base_delay")} />
      <OptionField label="Timeout" hint="seconds" least={1} value={step.options.timeout} onChange={change("timeout")} />
      <OptionField label="Start delay" hint="seconds" least={0} value={step.options.start_delay} onChange={change("start_delay")} />
    </div>
  );
}

function Conditions({ step, set }: { step: ShapeStep; set: (changes: Partial<ShapeStep>) => void }) {
  return (
    <section className="stack tight">
      <h3>◇ Conditions</h3>
      <Pattern label="Run it when the input contains" value={step.when} onChange={(when) => set({ when })} />
      <Pattern label="Unless the input contains" value={step.unless} onChange={(unless) => set({ unless })} />
      <Choice label="When that is not met" value={step.when_unmet} onChange={(when_unmet) => set({ when_unmet })} />
      <Choice label="When attempts run out" value={step.when_exhausted} onChange={(when_exhausted) => set({ when_exhausted })} />
    </section>
  );
}

function Pattern({ label, value, onChange }: { label: string; value: Json; onChange: (value: Json) => void }) {
  const id = useId();
  const [text, setText] = useState(value === null ? "" : JSON.stringify(value));
  const parsed = parse(text);
  const flaw = text.trim() !== "" && "message" in parsed ? parsed.message : null;
  const change = (typed: string) => {
    setText(typed);
    const read = parse(typed);
    if (typed.trim() === "") onChange(null);
    else if ("value" in read) onChange(read.value);
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input mono"
        placeholder='nothing, or {"key": "value"}'
        value={text}
        aria-invalid={flaw !== null}
        onChange={(event) => change(event.target.value)}
      />
      {flaw && <p className="field-error">{flaw}</p>}
    </div>
  );
}

function Choice({ label, value, onChange }: { label: string; value: Mode | null; onChange: (value: Mode | null) => void }) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <select className="select" value={value ?? ""} onChange={(event) => onChange((event.target.value || null) as Mode | null)}>
        <option value="">as usual</option>
        <option value="fail">fail the run</option>
        <option value="skip">skip the step</option>
        <option value="skip-cascade">skip it and its dependents</option>
      </select>
    </label>
  );
}
