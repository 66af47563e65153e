import { expect, test } from "vitest";

import type { JsonSchema } from "../src/api/types";
import { blank, control, flaws, resolve } from "../src/forms/schema";

const address: JsonSchema = {
  type: "object",
  properties: { street: { type: "string" }, number: { type: "integer", minimum: 1 } },
  required: ["street"],
};
const order: JsonSchema = {
  $defs: { Address: address, Size: { enum: ["small", "large"], type: "string" } },
  type: "object",
  properties: {
    id: { type: "integer" },
    customer: { type: "string", minLength: 2 },
    express: { type: "boolean", default: true },
    size: { $ref: "#/$defs/Size" },
    to: { $ref: "#/$defs/Address" },
    note: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    items: { type: "array", items: { type: "string" } },
    anything: {},
  },
  required: ["id", "customer", "size", "to", "items"],
};

test("each type has its control", () => {
  const kind = (schema: JsonSchema) => control(schema, order).kind;

  expect(kind({ type: "string" })).toBe("text");
  expect(kind({ type: "integer" })).toBe("number");
  expect(kind({ type: "boolean" })).toBe("check");
  expect(kind({ $ref: "#/$defs/Size" })).toBe("choice");
  expect(kind({ $ref: "#/$defs/Address" })).toBe("object");
  expect(kind({ type: "array", items: {} })).toBe("list");
});

test("what no form can say is left to JSON", () => {
  const kind = (schema: JsonSchema) => control(schema, order).kind;

  expect(kind({})).toBe("json");
  expect(kind({ anyOf: [{ type: "string" }, { type: "integer" }] })).toBe("json");
  expect(kind({ type: "array", prefixItems: [{ type: "string" }] })).toBe("json");
  expect(kind({ type: "object", additionalProperties: { type: "integer" } })).toBe("json");
});

test("null beside one type makes it optional", () => {
  expect(resolve({ anyOf: [{ type: "string" }, { type: "null" }] }, order)).toEqual({
    schema: { type: "string" },
    isNullable: true,
  });
  expect(resolve({ type: ["integer", "null"] }, order).isNullable).toBe(true);
});

test("a form starts with defaults and the emptiest required values", () => {
  expect(blank(order, order)).toEqual({
    customer: "",
    express: true,
    size: "small",
    to: { street: "" },
    note: null,
    items: [],
  });
});

test("a type that holds itself ends", () => {
  const tree: JsonSchema = {
    $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } }, required: ["next"] } },
    $ref: "#/$defs/Node",
  };

  expect(JSON.stringify(blank(tree, tree)).length).toBeLessThan(200);
});

test("flaws name the place and what is wanted", () => {
  const value = { id: 1.5, customer: "A", size: "small", to: { street: "x", number: 0 }, items: ["a", 3] };

  expect(flaws(order, order, value)).toEqual([
    { path: "id", message: "must be a whole number" },
    { path: "customer", message: "needs at least 2 characters" },
    { path: "to.number", message: "must be at least 1" },
    { path: "items[1]", message: "must be text" },
  ]);
});

test("what is needed and missing is a flaw, what is optional is none", () => {
  const found = flaws(order, order, { customer: "Ada", size: "large", to: { street: "" }, items: [] });

  expect(found).toEqual([{ path: "id", message: "is needed" }]);
});
