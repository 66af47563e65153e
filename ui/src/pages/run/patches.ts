import type { RunChange, StreamEvents } from "../../api/stream";
import type { RunPage, RunStatus, RunStep, StepStatus } from "../../api/types";

const ENDED: ReadonlySet<string> = new Set(["completed", "failed", "skipped", "cancelled"]);

/** What a change says of a step, at once; the figures follow with the next look at the server. */
function changed(step: RunStep, change: RunChange): RunStep {
  const ended = ENDED.has(change.status);
  return {
    ...step,
    status: change.status as StepStatus,
    error_message: change.error_message ?? step.error_message,
    is_ready: ended ? false : step.is_ready,
    ended_at: ended ? (step.ended_at ?? change.at) : step.ended_at,
  };
}

export function withChanges(page: RunPage, changes: readonly RunChange[]): RunPage {
  let { run, steps } = page;
  for (const change of changes) {
    const kind = change.event.split(":")[0];
    if (kind === "step") {
      steps = steps.map((step) => (step.slug === change.step_slug ? changed(step, change) : step));
    } else if (kind === "run") {
      const ended = change.status !== "started";
      run = { ...run, status: change.status as RunStatus, ended_at: ended ? change.at : null };
    }
  }
  return { ...page, run, steps };
}

export function withProgress(page: RunPage, progress: StreamEvents["progress"]): RunPage {
  const news = new Map(progress.steps.map((step) => [step.slug, step]));
  const steps = page.steps.map((step) => {
    const found = news.get(step.slug);
    return found ? { ...step, ...found } : step;
  });
  return { ...page, run: { ...page.run, status: progress.status, paused_at: progress.paused_at }, steps };
}
