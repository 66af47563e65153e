import {
  Background,
  BackgroundVariant,
  type Connection,
  Controls,
  type Edge,
  MarkerType,
  MiniMap,
  type NodeChange,
  Panel,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { look } from "../parts/Status";
import { arrange, type Direction, NODE } from "./layout";
import { FindStep } from "./FindStep";
import { Keeper } from "./keep";
import { StepNode, type StepLook, stepLabel, type StepNodeType } from "./StepNode";
import { firstView } from "./view";
import "./graph.css";

const nodeTypes = { step: StepNode };
// From so many steps on, a small map and a search help more than they take away.
const MANY = 16;
const NARROW = 620;

interface GraphProps {
  steps: readonly StepLook[];
  selected: string | null;
  onSelect: (slug: string | null) => void;
  /** Present while the picture is edited: a new dependency was drawn, or one was taken out. */
  onConnect?: (from: string, to: string) => void;
  onDisconnect?: (from: string, to: string) => void;
  label: string;
}

export function Graph(props: GraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return (
    <div className="graph" ref={box} role="region" aria-label={props.label}>
      {size && size.width > 0 && (
        <ReactFlowProvider>
          <Picture {...props} width={size.width} height={size.height} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

/** The layout changes with the structure only, not with every status. */
function useLayout(steps: readonly StepLook[], direction: Direction) {
  const key = JSON.stringify(steps.map((step) => [step.slug, step.dependencies]));
  return useMemo(() => {
    const bare = (JSON.parse(key) as [string, string[]][]).map(([slug, dependencies]) => ({ slug, dependencies }));
    return { key, ...arrange(bare, direction) };
  }, [key, direction]);
}

function handles(down: boolean): NonNullable<StepNodeType["handles"]> {
  const end = { width: 6, height: 6 };
  return down
    ? [
        { type: "target", position: Position.Top, x: NODE.width / 2 - 3, y: -3, ...end },
        { type: "source", position: Position.Bottom, x: NODE.width / 2 - 3, y: NODE.height - 3, ...end },
      ]
    : [
        { type: "target", position: Position.Left, x: -3, y: NODE.height / 2 - 3, ...end },
        { type: "source", position: Position.Right, x: NODE.width - 3, y: NODE.height / 2 - 3, ...end },
      ];
}

function Picture({
  steps,
  selected,
  onSelect,
  onConnect,
  onDisconnect,
  width,
  height,
}: GraphProps & { width: number; height: number }) {
  const down = width < NARROW;
  const layout = useLayout(steps, down ? "down" : "right");
  const editable = onConnect !== undefined;
  const [keeper] = useState(() => new Keeper<StepNodeType>());
  const nodes = useMemo(
    () => {
      const drawn = steps.map((step): StepNodeType => ({
        id: step.slug,
        type: "step",
        position: layout.places.get(step.slug) ?? { x: 0, y: 0 },
        data: { look: step, down, connects: editable },
        selected: step.slug === selected,
        ...NODE,
        measured: NODE,
        handles: handles(down),
        ariaLabel: stepLabel(step),
        sourcePosition: down ? Position.Bottom : Position.Right,
        targetPosition: down ? Position.Top : Position.Left,
      }));
      return keeper.keep(drawn);
    },
    [steps, layout, selected, down, editable, keeper],
  );
  const slugs = useMemo(() => [...layout.places.keys()], [layout]);
  const edges = useEdges(steps, selected, editable);
  const { setViewport, setCenter, getZoom } = useReactFlow();

  const focus = steps.find((step) => step.slug === selected) ?? steps.find((step) => step.status === "failed");
  const view = firstView(layout, width, height, (focus && layout.places.get(focus.slug)) ?? null);
  const first = useRef(view);
  first.current = view;
  useEffect(() => {
    void setViewport(first.current);
  }, [layout.key, width, height, setViewport]);

  const select = (changes: NodeChange<StepNodeType>[]) => {
    const picked = changes.find((change) => change.type === "select" && change.selected);
    if (picked?.type === "select") onSelect(picked.id);
  };
  const find = (slug: string) => {
    const at = layout.places.get(slug);
    onSelect(slug);
    if (at) void setCenter(at.x + NODE.width / 2, at.y + NODE.height / 2, { zoom: Math.max(0.8, getZoom()) });
  };

  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      onNodesChange={select}
      onNodeClick={(_, node) => onSelect(node.id)}
      onPaneClick={() => onSelect(null)}
      onConnect={({ source, target }: Connection) => onConnect?.(source, target)}
      onEdgesDelete={(gone) => gone.forEach((edge) => onDisconnect?.(edge.source, edge.target))}
      nodesDraggable={false}
      nodesConnectable={editable}
      nodesFocusable
      edgesFocusable={editable}
      elementsSelectable
      deleteKeyCode={editable ? ["Backspace", "Delete"] : null}
      defaultViewport={view}
      minZoom={0.05}
      maxZoom={1.6}
      onlyRenderVisibleElements={steps.length > 80}
      preventScrolling={!down}
      zoomOnScroll={false}
      panOnScroll={false}
      zoomActivationKeyCode={["Meta", "Control"]}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
      <Controls showInteractive={false} position="bottom-left" fitViewOptions={{ padding: 0.1, maxZoom: 1 }} />
      {steps.length > MANY && !down && (
        <MiniMap<StepNodeType> pannable zoomable position="bottom-right" nodeClassName={miniClass} ariaLabel="Small map" style={{ width: 150, height: 90 }} />
      )}
      {steps.length > MANY && (
        <Panel position="top-right">
          <FindStep slugs={slugs} onPick={find} />
        </Panel>
      )}
    </ReactFlow>
  );
}

function miniClass(node: StepNodeType): string {
  const { status } = node.data.look;
  return status ? `tone-${look(status).tone}` : "tone-plain";
}

function useEdges(steps: readonly StepLook[], selected: string | null, editable: boolean): Edge[] {
  const [keeper] = useState(() => new Keeper<Edge>());
  return useMemo(() => {
    const statuses = new Map(steps.map((step) => [step.slug, step.status]));
    const drawn = steps.flatMap((step) =>
      step.dependencies.map((parent): Edge => {
        const status = statuses.get(parent);
        const passed = status === undefined || status === "completed";
        const classes = [passed ? "passed" : "pending"];
        if (selected === parent || selected === step.slug) classes.push("near");
        return {
          id: `${parent}>${step.slug}`,
          source: parent,
          target: step.slug,
          className: classes.join(" "),
          deletable: editable,
          selectable: editable,
          ariaLabel: `${step.slug} depends on ${parent}`,
          markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: "var(--edge-end)" },
        };
      }),
    );
    return keeper.keep(drawn);
  }, [steps, selected, editable, keeper]);
}
