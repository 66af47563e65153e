import { expect, test } from "vitest";

import {
  blankShape,
  connected,
  disconnected,
  freeName,
  newStep,
  renamed,
  withoutStep,
  withStep,
} from "../src/pages/flow/edit/shapes";

const chain = [newStep("a", "single", []), newStep("b", "single", ["a"]), newStep("c", "single", ["b"])].reduce(
  withStep,
  blankShape(),
);

function shapeOf(result: ReturnType<typeof connected>) {
  if ("message" in result) throw new Error(result.message);
  return result.shape;
}

test("a dependency is added at the end", () => {
  const { steps } = shapeOf(connected(chain, "a", "c"));

  expect(steps[2]?.dependencies).toEqual(["b", "a"]);
});

test("a step moves behind those that it comes to need", () => {
  const loose = withStep(chain, newStep("late", "single", []));

  const { steps } = shapeOf(connected(loose, "late", "b"));

  expect(steps.map((step) => step.slug)).toEqual(["a", "late", "b", "c"]);
});

test("a circle is refused in words", () => {
  expect(connected(chain, "c", "a")).toEqual({ message: "c depends on a already: that would be a circle" });
  expect(connected(chain, "a", "a")).toEqual({ message: "a cannot depend on itself" });
});

test("taking a step out takes it out of the others", () => {
  const { steps } = withoutStep(chain, "b");

  expect(steps.map((step) => [step.slug, step.dependencies])).toEqual([["a", []], ["c", []]]);
});

test("a new name is used wherever the old one stood", () => {
  const conditional = { ...chain, steps: chain.steps.map((step) => (step.slug === "b" ? { ...step, when: { a: 1 } } : step)) };

  const { steps } = renamed(conditional, "a", "first");

  expect(steps[0]?.slug).toBe("first");
  expect(steps[1]).toMatchObject({ dependencies: ["first"], when: { first: 1 } });
});

test("disconnecting leaves the other dependencies", () => {
  const both = shapeOf(connected(chain, "a", "c"));

  expect(disconnected(both, "b", "c").steps[2]?.dependencies).toEqual(["a"]);
});

test("a free name is free", () => {
  const taken = withStep(withStep(blankShape(), newStep("step_3", "single", [])), newStep("x", "single", []));

  expect(freeName(taken)).toBe("step_4");
});
