import { expect, test } from "vitest";

import { Keeper } from "../src/graph/keep";

test("what says the same is the same object again", () => {
  const keeper = new Keeper<{ id: string; text: string }>();
  const before = keeper.keep([{ id: "a", text: "1" }, { id: "b", text: "1" }]);

  const after = keeper.keep([{ id: "a", text: "1" }, { id: "b", text: "2" }]);

  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect(after[1]).toEqual({ id: "b", text: "2" });
});

test("what is gone is forgotten", () => {
  const keeper = new Keeper<{ id: string }>();
  const [first] = keeper.keep([{ id: "a" }]);
  keeper.keep([]);

  expect(keeper.keep([{ id: "a" }])[0]).not.toBe(first);
});
