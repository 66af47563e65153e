import dagre from "@dagrejs/dagre";

/** A step as the geometry sees it. */
export interface GraphStep {
  slug: string;
  dependencies: readonly string[];
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  /** The top left corner of each step. */
  places: Map<string, Point>;
  width: number;
  height: number;
}

export const NODE = { width: 192, height: 56 } as const;
export type Direction = "right" | "down";
const GAP = { step: 24, layer: 52 } as const;
// Beyond so many steps and edges the exact layout takes longer than anybody waits; layers alone still read well.
const EXACT = 600;
// A layer with more steps goes on in a second row: a picture that is all height shows nothing.
const TALLEST = 24;

/** Places steps in layers, each beyond all that it depends on. */
export function arrange(steps: readonly GraphStep[], direction: Direction = "right"): Layout {
  const edges = steps.reduce((sum, step) => sum + step.dependencies.length, 0);
  return steps.length + edges > EXACT ? inLayers(steps, direction) : withDagre(steps, direction);
}

function withDagre(steps: readonly GraphStep[], direction: Direction): Layout {
  const graph = new dagre.graphlib.Graph();
  const down = direction === "down";
  graph.setGraph({ rankdir: down ? "TB" : "LR", nodesep: GAP.step, ranksep: down ? GAP.layer / 2 : GAP.layer });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of steps) graph.setNode(step.slug, { ...NODE });
  for (const step of steps) for (const parent of step.dependencies) graph.setEdge(parent, step.slug);
  dagre.layout(graph);
  const places = new Map<string, Point>();
  for (const { slug } of steps) {
    const { x, y } = graph.node(slug) as Point;
    places.set(slug, { x: x - NODE.width / 2, y: y - NODE.height / 2 });
  }
  return { places, ...extent(places) };
}

/** The layer of each step: one more than the highest of its dependencies. */
export function layers(steps: readonly GraphStep[]): Map<string, number> {
  const found = new Map<string, number>();
  // Steps come in an order in which dependencies stand before those that use them.
  for (const step of steps) {
    const parents = step.dependencies.map((parent) => found.get(parent) ?? -1);
    found.set(step.slug, Math.max(-1, ...parents) + 1);
  }
  return found;
}

function inLayers(steps: readonly GraphStep[], direction: Direction): Layout {
  const members: string[][] = [];
  for (const [slug, layer] of layers(steps)) (members[layer] ??= []).push(slug);
  const places = new Map<string, Point>();
  let line = 0;
  for (const layer of members) {
    for (const [i, slug] of layer.entries()) {
      places.set(slug, place(line + Math.floor(i / TALLEST), i % TALLEST, direction));
    }
    line += Math.ceil(layer.length / TALLEST);
  }
  return { places, ...extent(places) };
}

function place(line: number, row: number, direction: Direction): Point {
  if (direction === "down") {
    return { x: row * (NODE.width + GAP.step), y: line * (NODE.height + GAP.layer) };
  }
  return { x: line * (NODE.width + GAP.layer), y: row * (NODE.height + GAP.step) };
}

function extent(places: Map<string, Point>): { width: number; height: number } {
  let width = 0;
  let height = 0;
  for (const { x, y } of places.values()) {
    width = Math.max(width, x + NODE.width);
    height = Math.max(height, y + NODE.height);
  }
  return { width, height };
}

/** Everything that depends on a step, directly or not. */
export function descendants(steps: readonly GraphStep[], slug: string): Set<string> {
  const found = new Set<string>();
  for (const step of steps) {
    if (step.dependencies.some((parent) => parent === slug || found.has(parent))) found.add(step.slug);
  }
  return found;
}
