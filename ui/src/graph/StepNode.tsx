import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";

import { look, Sign } from "../parts/Status";

/** What the picture says of a step. */
export interface StepLook {
  slug: string;
  dependencies: readonly string[];
  isMap: boolean;
  isConditional: boolean;
  /** Absent when no run is shown. */
  status?: string | undefined;
  detail: string;
  /** Done, failed and all tasks of a map step that is at work. */
  progress?: { done: number; failed: number; all: number } | undefined;
  isReady?: boolean | undefined;
  isWrong?: boolean | undefined;
}

export type StepNodeType = Node<{ look: StepLook; down: boolean; connects: boolean }, "step">;

function describe(step: StepLook): string {
  const parts = [`Step ${step.slug}`];
  if (step.status) parts.push(look(step.status).word);
  if (step.isReady) parts.push("ready to go on");
  if (step.isMap) parts.push("map step");
  if (step.isConditional) parts.push("conditional");
  if (step.detail) parts.push(step.detail);
  return parts.join(", ");
}

export const stepLabel = describe;

function StepNodeView({ data, selected }: NodeProps<StepNodeType>) {
  const { look: step, down, connects } = data;
  const tone = step.status ? `tone-${look(step.status).tone}` : "tone-plain";
  const classes = ["step", tone, step.status ?? "planned"];
  if (selected) classes.push("selected");
  if (step.isMap) classes.push("map");
  if (step.isReady) classes.push("ready");
  if (step.isWrong) classes.push("wrong");

  return (
    <div className={classes.join(" ")} title={step.slug}>
      <Handle type="target" position={down ? Position.Top : Position.Left} isConnectable={connects} />
      {step.status && <Sign status={step.status} />}
      <span className="step-text">
        <span className="step-name">{step.slug}</span>
        <span className="step-detail">
          {step.isMap && <b title="one task for each element">× map</b>}
          {step.isConditional && <b title="runs only under a condition">◇ if</b>}
          {step.detail}
        </span>
      </span>
      {step.progress && <Progress {...step.progress} />}
      <Handle type="source" position={down ? Position.Bottom : Position.Right} isConnectable={connects} />
    </div>
  );
}

function Progress({ done, failed, all }: { done: number; failed: number; all: number }) {
  const share = (value: number) => `${(100 * value) / Math.max(1, all)}%`;
  return (
    <span className="step-progress" aria-hidden="true">
      <span className="done" style={{ width: share(done) }} />
      <span className="failed" style={{ width: share(failed) }} />
    </span>
  );
}

export const StepNode = memo(StepNodeView);
