import { expect, test } from "vitest";

import { ago, brief, bytes, count, databaseName, duration, plural, shortId, shortPath } from "../src/parts/formats";

test.each([
  [0, "0 ms"],
  [0.0042, "4.2 ms"],
  [0.25, "250 ms"],
  [1.53, "1.5 s"],
  [59.9, "59 s"],
  [61, "1 min 01 s"],
  [3 * 3600 + 65, "3 h 01 min"],
  [50 * 3600, "2 d 2 h"],
])("%d seconds are written as %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test("round figures lose what says nothing", () => {
  expect([brief(0), brief(1), brief(60), brief(3600), brief(0.2), brief(1.5)]).toEqual([
    "0 s",
    "1 s",
    "1 min",
    "1 h",
    "200 ms",
    "1.5 s",
  ]);
});

test("a time that has passed is told in its largest unit", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");

  expect(ago("2026-01-01T23:59:58Z", now)).toBe("just now");
  expect(ago("2026-01-01T23:59:20Z", now)).toBe("40 s ago");
  expect(ago("2026-01-01T23:00:00Z", now)).toBe("1 h ago");
  expect(ago("2025-12-20T00:00:00Z", now)).toBe("13 d ago");
});

test("a clock that runs behind the server's says just now", () => {
  expect(ago("2026-01-01T00:00:10Z", Date.parse("2026-01-01T00:00:00Z"))).toBe("just now");
});

test("counts, sizes and plurals", () => {
  expect(count(12_345)).toBe("12,345");
  expect([bytes(12), bytes(1500), bytes(2_500_000)]).toEqual(["12 B", "1.5 kB", "2.5 MB"]);
  expect([plural(1, "run"), plural(2, "run"), plural(0, "step waits", "steps wait")]).toEqual([
    "1 run",
    "2 runs",
    "0 steps wait",
  ]);
});

test("ids are told apart by their end", () => {
  expect(shortId("01a1f797-b4f6-770e-93cc-c25c57d07efd")).toBe("57d07efd");
});

test("files are told by directory and name", () => {
  expect(shortPath("/srv/ada/shop/flows/order.py:12")).toBe("…/flows/order.py:12");
  expect(shortPath("order.py:12")).toBe("order.py:12");
});

test.each([
  ["postgresql://ada@db.example:5432/shop?sslmode=require", "db.example:5432/shop"],
  ["postgresql://postgres@/postgres?host=/var/run/postgresql", "local/postgres"],
  ["user=postgres dbname=shop host=/tmp/x", "local/shop"],
  ["user=ada dbname=shop host=db.example", "db.example/shop"],
])("the database %s is called %s", (url, name) => {
  expect(databaseName(url)).toBe(name);
});
