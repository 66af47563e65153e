import { expect, test } from "vitest";

import type { RunPage, RunStep } from "../src/api/types";
import { looks } from "../src/pages/run/looks";
import { withChanges, withProgress } from "../src/pages/run/patches";
import { parse, pretty, tokens } from "../src/parts/json";

const at = "2026-01-01T00:00:00Z";
const step = (slug: string, changes: Partial<RunStep> = {}): RunStep => ({
  slug,
  step_index: 0,
  step_type: "single",
  dependencies: [],
  status: "created",
  is_ready: false,
  can_edit_output: false,
  tasks: 1,
  queued_tasks: 0,
  started_tasks: 0,
  completed_tasks: 0,
  failed_tasks: 0,
  attempts: 0,
  max_attempts: 3,
  error_message: null,
  skip_reason: null,
  created_at: at,
  queued_at: null,
  started_at: null,
  ended_at: null,
  output: null,
  ...changes,
});
const page: RunPage = {
  run: {
    run_id: "r",
    flow_slug: "f",
    status: "started",
    paused_at: null,
    started_at: at,
    ended_at: null,
    seconds: 1,
    steps_total: 2,
    steps_open: 2,
    error_message: null,
    input: { preview: "1", bytes: 1, is_whole: true },
    output: null,
    remaining_steps: 2,
    rerun_of: null,
  },
  steps: [step("a", { status: "started", queued_at: at, queued_tasks: 1 }), step("b")],
  actions: ["cancel"],
};
const change = (event: string, slug: string | null, status: string) => ({
  event,
  step_slug: slug,
  status,
  at,
  error_message: null,
});

test("a change of a step shows at once", () => {
  const after = withChanges(page, [change("step:completed", "a", "completed")]);

  expect(after.steps.map((each) => each.status)).toEqual(["completed", "created"]);
  expect(after.steps[0]?.ended_at).toBe(at);
});

test("a run that ends shows when", () => {
  const { run } = withChanges(page, [change("run:failed", null, "failed")]);

  expect([run.status, run.ended_at]).toEqual(["failed", at]);
});

test("progress replaces the figures of the steps that it names", () => {
  const progress = {
    run_id: "r",
    status: "started" as const,
    paused_at: at,
    steps: [
      { slug: "b", status: "started" as const, queued_tasks: 1, started_tasks: 2, completed_tasks: 3, failed_tasks: 0, attempts: 1 },
    ],
  };

  const after = withProgress(page, progress);

  expect(after.run.paused_at).toBe(at);
  expect(after.steps[0]).toBe(page.steps[0]);
  expect(after.steps[1]).toMatchObject({ completed_tasks: 3, started_tasks: 2 });
});

test("a step that no worker holds yet is queued", () => {
  expect(looks(page, new Set()).map((each) => [each.status, each.detail])).toEqual([
    ["queued", "queued"],
    ["created", "waiting"],
  ]);
});

test("a map step shows how many elements are done", () => {
  const map = step("m", { step_type: "map", status: "started", started_at: at, tasks: 2000, completed_tasks: 1500 });

  const [shown] = looks({ ...page, steps: [map] }, new Set(["m"]));

  expect(shown).toMatchObject({ detail: "1,500/2,000 · running", isMap: true, isConditional: true });
});

test("JSON is cut into what it is made of", () => {
  expect(tokens('{"a": [1, "b", null]}').filter((token) => token.kind !== "plain")).toEqual([
    { kind: "key", text: '"a"' },
    { kind: "number", text: "1" },
    { kind: "string", text: '"b"' },
    { kind: "word", text: "null" },
  ]);
});

test("text that is no JSON stays as it is, and says why", () => {
  expect(pretty('{"cut": tr')).toBe('{"cut": tr');
  expect(parse("{")).toHaveProperty("message");
  expect(parse("  ")).toEqual({ message: 'Write a JSON value, such as {} or "text".' });
  expect(parse("[1]")).toEqual({ value: [1] });
});
