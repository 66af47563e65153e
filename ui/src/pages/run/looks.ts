import type { RunPage, RunStep } from "../../api/types";
import type { StepLook } from "../../graph/StepNode";
import { count, duration } from "../../parts/formats";

/** The status as a reader sees it: a step that is ready for a worker but held by none is queued. */
export function stepStatus(step: RunStep): string {
  const isWaiting = step.status === "started" && step.started_tasks === 0 && step.started_at === null;
  return isWaiting ? "queued" : step.status;
}

function seconds(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

function detail(step: RunStep): string {
  const parts: string[] = [];
  if (step.step_type === "map" && step.tasks !== null && step.status !== "skipped") {
    const all = count(step.tasks);
    const isLong = step.completed_tasks === step.tasks && step.tasks > 999;
    parts.push(isLong ? all : `${count(step.completed_tasks)}/${all}`);
  }
  if (step.is_ready) parts.push("ready");
  else if (step.status === "skipped") parts.push("skipped");
  else if (step.started_at && step.ended_at) parts.push(duration(seconds(step.started_at, step.ended_at)));
  else parts.push({ created: "waiting", started: "running", queued: "queued" }[stepStatus(step)] ?? "");
  const tries = step.step_type === "single" ? step.attempts : 0;
  if (tries > 1) parts.push(`attempt ${tries}/${step.max_attempts}`);
  return parts.filter(Boolean).join(" · ");
}

export function looks(page: RunPage, conditional: ReadonlySet<string>): StepLook[] {
  return page.steps.map((step) => ({
    slug: step.slug,
    dependencies: step.dependencies,
    isMap: step.step_type === "map",
    isConditional: conditional.has(step.slug),
    status: stepStatus(step),
    detail: detail(step),
    isReady: step.is_ready,
    progress:
      step.step_type === "map" && step.tasks !== null && step.tasks > 0
        ? { done: step.completed_tasks, failed: step.failed_tasks, all: step.tasks }
        : undefined,
  }));
}
