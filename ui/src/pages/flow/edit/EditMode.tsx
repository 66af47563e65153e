import { useMemo, useState } from "react";

import type { FlowDetail, Shape } from "../../../api/types";
import { useShortcuts } from "../../../app/keys";
import { useReveal } from "../../../app/reveal";
import { addresses, go } from "../../../app/router";
import { useShell } from "../../../app/shell";
import { Graph } from "../../../graph/Graph";
import type { StepLook } from "../../../graph/StepNode";
import { Empty, Problem } from "../../../parts/Problem";
import { Apply } from "./Apply";
import { Changes } from "./Changes";
import { FlowOptionsForm } from "./FlowOptionsForm";
import { blankShape, connected, disconnected, freeName, newStep, withoutStep, withStep } from "./shapes";
import { StepForm } from "./StepForm";
import { useDraft } from "./useDraft";
import "./edit.css";

/** A flow drawn by hand: what it would change, as differences, SQL and Python, before anything is applied. */
export default function EditMode({
  slug,
  flow,
  onApplied,
}: {
  slug: string;
  flow: FlowDetail | null;
  onApplied: () => void;
}) {
  const [start] = useState<Shape>(() => flow?.code?.shape ?? flow?.database?.shape ?? blankShape());
  const draft = useDraft(slug, start);
  const { say, ask } = useShell();
  const [selected, setSelected] = useState<string | null>(null);
  const { shape, check } = draft;
  useReveal(selected);
  const step = shape.steps.find((candidate) => candidate.slug === selected) ?? null;

  const wrong = useMemo(() => new Set(check?.errors.map((error) => error.step)), [check]);
  const looks = useMemo(() => shape.steps.map((each) => pictured(each, wrong)), [shape.steps, wrong]);

  const add = () => {
    const name = freeName(shape);
    draft.change((old) => withStep(old, newStep(name, "single", step ? [step.slug] : [])));
    setSelected(name);
  };
  const remove = (name: string) => {
    draft.change((old) => withoutStep(old, name));
    setSelected(null);
  };
  const connect = (from: string, to: string) => {
    const result = connected(shape, from, to);
    if ("message" in result) say(result.message, "bad");
    else draft.change(() => result.shape);
  };
  const leave = async () => {
    const yes =
      !draft.canUndo ||
      (await ask({
        title: "Leave the editor?",
        text: "What you drew is not kept. Copy the Python first if you want to go on with it.",
        action: "Leave",
        danger: true,
      }));
    if (yes) go(addresses.flow(slug));
  };
  useShortcuts([
    { keys: "+", does: "Add a step", run: add },
    { keys: "u", does: "Undo", run: draft.undo },
  ]);

  return (
    <div className="page">
      <div className="page-head">
        <h1>
          Edit <span className="mono">{slug}</span>
        </h1>
        <span className="chip">{flow ? "your code stays as it is" : "a new flow"}</span>
        <div className="actions">
          <button type="button" className="button" onClick={add}>
            + Add a step
          </button>
          <button type="button" className="button" onClick={draft.undo} disabled={!draft.canUndo}>
            Undo
          </button>
          <button type="button" className="button" onClick={leave}>
            Leave
          </button>
          <Apply
            slug={slug}
            shape={shape}
            check={check}
            onApplied={() => {
              onApplied();
              draft.recheck();
            }}
          />
        </div>
      </div>
      {draft.error && <Problem error={draft.error} again={draft.recheck} />}
      <div className="split">
        <div className="stack">
          <div className="card canvas">
            {shape.steps.length === 0 ? (
              <Empty title="No step yet">
                <p>Add the first one; it runs when the run starts. Then add steps that depend on it.</p>
              </Empty>
            ) : (
              <Graph
                steps={looks}
                selected={selected}
                onSelect={setSelected}
                onConnect={connect}
                onDisconnect={(from, to) => draft.change((old) => disconnected(old, from, to))}
                label={`The steps of ${slug}, to be edited`}
              />
            )}
          </div>
          {check && <Changes check={check} hasCode={flow?.code != null} onSelect={setSelected} />}
        </div>
        {step ? (
          <StepForm
            key={step.slug}
            shape={shape}
            step={step}
            errors={check?.errors.filter((error) => error.step === step.slug) ?? []}
            onChange={draft.change}
            onConnect={connect}
            onRename={setSelected}
            onRemove={() => remove(step.slug)}
            onClose={() => setSelected(null)}
          />
        ) : (
          <FlowOptionsForm shape={shape} onChange={draft.change} />
        )}
      </div>
    </div>
  );
}

function pictured(step: Shape["steps"][number], wrong: ReadonlySet<string | null>): StepLook {
  const { max_attempts, timeout } = step.options;
  const set = [max_attempts !== null && `${max_attempts} attempts`, timeout !== null && `${timeout} s`];
  return {
    slug: step.slug,
    dependencies: step.dependencies,
    isMap: step.step_type === "map",
    isConditional: step.when !== null || step.unless !== null,
    detail: set.filter(Boolean).join(" · ") || "inherited options",
    isWrong: wrong.has(step.slug),
  };
}
