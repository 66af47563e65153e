import type { Shape, ShapeStep, StepOptions, StepType } from "../../../api/types";
import { descendants } from "../../../graph/layout";

export const NO_OPTIONS: StepOptions = { max_attempts: null, base_delay: null, timeout: null, start_delay: null };

export function blankShape(): Shape {
  return { options: { max_attempts: null, base_delay: null, timeout: null }, steps: [] };
}

export function newStep(slug: string, step_type: StepType, dependencies: string[]): ShapeStep {
  return {
    slug,
    step_type,
    dependencies,
    when: null,
    unless: null,
    when_unmet: null,
    when_exhausted: null,
    options: NO_OPTIONS,
  };
}

/** A name that no step has yet. */
export function freeName(shape: Shape): string {
  const taken = new Set(shape.steps.map((step) => step.slug));
  let number = shape.steps.length + 1;
  while (taken.has(`step_${number}`)) number += 1;
  return `step_${number}`;
}

export function withStep(shape: Shape, step: ShapeStep): Shape {
  return { ...shape, steps: [...shape.steps, step] };
}

export function changeStep(shape: Shape, slug: string, changes: Partial<ShapeStep>): Shape {
  return { ...shape, steps: shape.steps.map((step) => (step.slug === slug ? { ...step, ...changes } : step)) };
}

/** Takes a step out, and out of the dependencies of the others. */
export function withoutStep(shape: Shape, slug: string): Shape {
  const steps = shape.steps
    .filter((step) => step.slug !== slug)
    .map((step) => ({ ...step, dependencies: step.dependencies.filter((parent) => parent !== slug) }));
  return { ...shape, steps };
}

/** Gives a step another name wherever it is named. */
export function renamed(shape: Shape, old: string, slug: string): Shape {
  const steps = shape.steps.map((step) => ({
    ...step,
    slug: step.slug === old ? slug : step.slug,
    dependencies: step.dependencies.map((parent) => (parent === old ? slug : parent)),
    when: renamedKey(step, step.when, old, slug),
    unless: renamedKey(step, step.unless, old, slug),
  }));
  return { ...shape, steps };
}

/** The keys of a dependent step's conditions are the names of its dependencies. */
function renamedKey(step: ShapeStep, pattern: ShapeStep["when"], old: string, slug: string): ShapeStep["when"] {
  const isNamed = step.dependencies.includes(old) && typeof pattern === "object" && pattern !== null;
  if (!isNamed || Array.isArray(pattern) || !(old in pattern)) return pattern;
  return Object.fromEntries(Object.entries(pattern).map(([key, value]) => [key === old ? slug : key, value]));
}

export type Connected = { shape: Shape } | { message: string };

/** Lets a step depend on another; steps move so that each stands after those that it needs. */
export function connected(shape: Shape, from: string, to: string): Connected {
  if (from === to) return { message: `${from} cannot depend on itself` };
  const target = shape.steps.find((step) => step.slug === to);
  if (!target || target.dependencies.includes(from)) return { shape };
  if (descendants(shape.steps, to).has(from)) return { message: `${from} depends on ${to} already: that would be a circle` };
  const joined = changeStep(shape, to, { dependencies: [...target.dependencies, from] });
  return { shape: { ...joined, steps: ordered(joined.steps) } };
}

export function disconnected(shape: Shape, from: string, to: string): Shape {
  const target = shape.steps.find((step) => step.slug === to);
  if (!target) return shape;
  return changeStep(shape, to, { dependencies: target.dependencies.filter((parent) => parent !== from) });
}

/** Dependencies before dependents; otherwise the order stays as it is. */
export function ordered(steps: readonly ShapeStep[]): ShapeStep[] {
  const waiting = [...steps];
  const placed = new Set<string>();
  const result: ShapeStep[] = [];
  while (waiting.length > 0) {
    const at = waiting.findIndex((step) => step.dependencies.every((parent) => placed.has(parent)));
    const [next] = waiting.splice(Math.max(0, at), 1);
    if (!next) break;
    placed.add(next.slug);
    result.push(next);
  }
  return result;
}
