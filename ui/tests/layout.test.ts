import { expect, test } from "vitest";

import { arrange, descendants, type GraphStep, layers, NODE } from "../src/graph/layout";

const step = (slug: string, ...dependencies: string[]): GraphStep => ({ slug, dependencies });
const diamond = [step("site"), step("mood", "site"), step("gist", "site"), step("save", "mood", "gist")];

test("a step stands right of everything that it depends on", () => {
  const { places } = arrange(diamond);

  for (const { slug, dependencies } of diamond) {
    for (const parent of dependencies) {
      expect(places.get(slug)!.x).toBeGreaterThanOrEqual(places.get(parent)!.x + NODE.width);
    }
  }
});

test("steps do not overlap", () => {
  const wide = [step("root"), ...Array.from({ length: 40 }, (_, i) => step(`leaf_${i}`, "root"))];

  const corners = [...arrange(wide).places.values()];

  for (const [i, a] of corners.entries()) {
    for (const b of corners.slice(i + 1)) {
      const apart = Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height;
      expect(apart).toBe(true);
    }
  }
});

test("a thousand steps are laid out at once", () => {
  const many = Array.from({ length: 1000 }, (_, i) => step(`s${i}`, ...(i ? [`s${i >> 1}`] : [])));

  const layout = arrange(many);

  expect(layout.places.size).toBe(1000);
  expect(layout.width).toBeGreaterThan(0);
});

test("the layer of a step follows from its longest way", () => {
  const found = layers([step("a"), step("b", "a"), step("c", "a", "b")]);

  expect([...found]).toEqual([["a", 0], ["b", 1], ["c", 2]]);
});

test("descendants are found over any distance", () => {
  expect([...descendants(diamond, "site")]).toEqual(["mood", "gist", "save"]);
  expect([...descendants(diamond, "mood")]).toEqual(["save"]);
  expect([...descendants(diamond, "save")]).toEqual([]);
});
