import type { FlowStep } from "../../api/types";
import type { StepLook } from "../../graph/StepNode";
import { plural } from "../../parts/formats";

function detail(step: FlowStep): string {
  const { max_attempts, timeout, start_delay } = step.effective;
  const parts = [plural(max_attempts, "attempt"), `${timeout} s`];
  if (start_delay > 0) parts.push(`after ${start_delay} s`);
  return parts.join(" · ");
}

export function flowLooks(steps: readonly FlowStep[]): StepLook[] {
  return steps.map((step) => ({
    slug: step.slug,
    dependencies: step.dependencies,
    isMap: step.step_type === "map",
    isConditional: step.when !== null || step.unless !== null,
    detail: detail(step),
  }));
}
