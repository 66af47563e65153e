import { expect, test } from "vitest";

import { firstView } from "../src/graph/view";
import { span, ticks } from "../src/pages/run/scale";
import { columns } from "../src/parts/sparks";
import { windowOf } from "../src/parts/windows";

const small = { places: new Map(), width: 400, height: 100 };
const huge = { places: new Map(), width: 10_000, height: 3000 };

test("a small picture stands whole in the middle", () => {
  expect(firstView(small, 1000, 500, null)).toEqual({ zoom: 1, x: 300, y: 200 });
});

test("a huge picture begins at its beginning, large enough to be read", () => {
  const view = firstView(huge, 1000, 500, null);

  expect(view).toEqual({ zoom: 0.7, x: 32, y: 32 });
});

test("a huge picture begins at what matters", () => {
  const { x, y, zoom } = firstView(huge, 1000, 500, { x: 9900, y: 2950 });

  expect(x + 9900 * zoom).toBeLessThan(1000);
  expect(y + 2950 * zoom).toBeLessThan(500);
});

test.each([
  [0.0095, [0, 0.002, 0.004, 0.006, 0.008]],
  [5, [0, 1, 2, 3, 4, 5]],
  [100, [0, 30, 60, 90]],
])("an axis of %d seconds has round marks", (seconds, marks) => {
  expect(ticks(seconds)).toEqual(marks);
});

test("an axis of weeks has few marks too", () => {
  expect(ticks(30 * 86_400).length).toBeLessThanOrEqual(7);
});

test("a bar stays within its track", () => {
  expect(span(5, 15, 0, 20)).toEqual({ left: 25, width: 50 });
  expect(span(-10, 50, 0, 20)).toEqual({ left: 0, width: 100 });
  expect(span(30, 40, 0, 20)).toEqual({ left: 100, width: 0 });
});

test("of ten thousand rows a handful exists", () => {
  const { first, last } = windowOf(34_000, 300, 34, 10_000);

  expect(first).toBeLessThanOrEqual(1000);
  expect(last).toBeGreaterThanOrEqual(1009);
  expect(last - first).toBeLessThan(25);
});

test("a list that became shorter shows its end", () => {
  expect(windowOf(10_000, 300, 30, 5).last).toBeGreaterThanOrEqual(5);
});

test("one failure among thousands is still seen", () => {
  const history = {
    bucket_seconds: 60,
    start: "2026-01-01T00:00:00Z",
    covered_from: "2026-01-01T00:01:00Z",
    completed: [9, 5000, 10],
    failed: [0, 1, 0],
    other: [0, 0, 0],
  };

  const found = columns(history, 28);

  expect(found).toHaveLength(2);
  expect(found[0]?.bad).toBe(2);
  expect(found[0]!.good + found[0]!.bad).toBeLessThanOrEqual(28);
});
