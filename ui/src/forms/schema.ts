import type { Json, JsonSchema } from "../api/types";

/** Which control a schema asks for; `json` where no form can say it. */
export type Control =
  | { kind: "text"; format: "text" | "date" | "datetime-local" | "time" }
  | { kind: "number"; isInteger: boolean }
  | { kind: "check" }
  | { kind: "choice"; choices: Json[] }
  | { kind: "object"; fields: Field[] }
  | { kind: "list"; item: JsonSchema }
  | { kind: "json" };

export interface Field {
  name: string;
  label: string;
  schema: JsonSchema;
  isRequired: boolean;
}

/** A schema without its reference, and whether null is allowed beside it. */
export interface Resolved {
  schema: JsonSchema;
  isNullable: boolean;
}

// A type that holds itself would go on for ever.
const DEEPEST = 6;

export function resolve(schema: JsonSchema, root: JsonSchema, depth = 0): Resolved {
  if (schema.$ref && depth < DEEPEST) {
    const { $ref, ...beside } = schema;
    const target = root.$defs?.[$ref.split("/").at(-1) ?? ""];
    return resolve({ ...target, ...beside }, root, depth + 1);
  }
  if (schema.allOf?.length === 1 && schema.allOf[0]) {
    const { allOf, ...beside } = schema;
    return resolve({ ...allOf[0], ...beside }, root, depth + 1);
  }
  const options = schema.anyOf ?? schema.oneOf;
  if (options) {
    const rest = options.filter((option) => option.type !== "null");
    if (rest.length === 1 && rest.length < options.length && rest[0]) {
      const { anyOf: _any, oneOf: _one, ...beside } = schema;
      return { schema: resolve({ ...rest[0], ...beside }, root, depth + 1).schema, isNullable: true };
    }
  }
  if (Array.isArray(schema.type)) {
    const rest = schema.type.filter((name) => name !== "null");
    if (rest.length === 1 && rest[0]) {
      return { schema: { ...schema, type: rest[0] }, isNullable: rest.length < schema.type.length };
    }
  }
  return { schema, isNullable: false };
}

const FORMATS: Record<string, "date" | "datetime-local" | "time"> = {
  date: "date",
};

export function control(schema: JsonSchema, root: JsonSchema, depth = 0): Control {
  const found = resolve(schema, root).schema;
  if (found.enum) return { kind: "choice", choices: found.enum };
  if (found.const !== undefined) return { kind: "choice", choices: [found.const] };
  switch (found.type) {
    case "string":
      return { kind: "text", format: FORMATS[found.format ?? ""] ?? "text" };
    case "integer":
      return { kind: "number", isInteger: true };
    case "number":
      return { kind: "number", isInteger: false };
    case "boolean":
      return { kind: "check" };
    case "array":
      return found.items && !found.prefixItems && depth < DEEPEST ? { kind: "list", item: found.items } : { kind: "json" };
    case "object":
      return found.properties && depth < DEEPEST ? { kind: "object", fields: fields(found) } : { kind: "json" };
    default:
      return { kind: "json" };
  }
}

function fields(schema: JsonSchema): Field[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    label: name,
    schema: property,
    isRequired: required.has(name),
  }));
}

/** What a form starts with: defaults, and the emptiest value of each required field. */
export function blank(schema: JsonSchema, root: JsonSchema, depth = 0): Json | undefined {
  if (schema.default !== undefined) return schema.default;
  const { schema: found, isNullable } = resolve(schema, root);
  if (found.default !== undefined) return found.default;
  if (isNullable) return null;
  const asked = control(found, root, depth);
  switch (asked.kind) {
    case "text":
      return asked.format === "text" ? "" : undefined;
    case "check":
      return false;
    case "choice":
      return asked.choices[0];
    case "list":
      return [];
    case "object":
      return blankObject(asked.fields, root, depth);
    case "number":
      return undefined;
    case "json":
      return found.type === "object" ? {} : found.type === "array" ? [] : null;
  }
}

function blankObject(all: Field[], root: JsonSchema, depth: number): Json {
  const value: { [key: string]: Json } = {};
  for (const field of all) {
    if (!field.isRequired && field.schema.default === undefined) continue;
    const start = blank(field.schema, root, depth + 1);
    if (start !== undefined) value[field.name] = start;
  }
  return value;
}

export interface Flaw {
  path: string;
  message: string;
}

/** What a form can see of a value that does not fit; the server has the last word. */
export function flaws(schema: JsonSchema, root: JsonSchema, value: Json | undefined, path = ""): Flaw[] {
  const { schema: found, isNullable } = resolve(schema, root);
  if (value === undefined) return [{ path, message: "is needed" }];
  if (value === null && isNullable) return [];
  const asked = control(found, root);
  switch (asked.kind) {
    case "number":
      return numberFlaws(found, asked.isInteger, value, path);
    case "text":
      return typeof value === "string" ? textFlaws(found, value, path) : [{ path, message: "must be text" }];
    case "check":
      return typeof value === "boolean" ? [] : [{ path, message: "must be true or false" }];
    case "list":
      if (!Array.isArray(value)) return [{ path, message: "must be a list" }];
      return value.flatMap((item, i) => flaws(asked.item, root, item, `${path}[${i}]`));
    case "object":
      return objectFlaws(asked.fields, root, value, path);
    default:
      return [];
  }
}

function numberFlaws(schema: JsonSchema, isInteger: boolean, value: Json, path: string): Flaw[] {
  if (typeof value !== "number") return [{ path, message: "must be a number" }];
  if (isInteger && !Number.isInteger(value)) return [{ path, message: "must be a whole number" }];
  if (schema.minimum !== undefined && value < schema.minimum) {
    return [{ path, message: `must be at least ${schema.minimum}` }];
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    return [{ path, message: `must be at most ${schema.maximum}` }];
  }
  return [];
}

function textFlaws(schema: JsonSchema, value: string, path: string): Flaw[] {
  if (schema.minLength !== undefined && value.length < schema.minLength) {
    return [{ path, message: `needs at least ${schema.minLength} characters` }];
  }
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    return [{ path, message: `has room for ${schema.maxLength} characters` }];
  }
  return [];
}

function objectFlaws(all: Field[], root: JsonSchema, value: Json, path: string): Flaw[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ path, message: "must be an object" }];
  }
  return all.flatMap((field) => {
    const at = path ? `${path}.${field.name}` : field.name;
    const present = field.name in value;
    return !present && !field.isRequired ? [] : flaws(field.schema, root, value[field.name], at);
  });
}
