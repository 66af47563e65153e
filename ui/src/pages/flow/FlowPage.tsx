import { lazy, Suspense, useMemo } from "react";

import { api } from "../../api/client";
import type { FlowDetail } from "../../api/types";
import { useData } from "../../api/useData";
import { useShortcuts } from "../../app/keys";
import { useReveal } from "../../app/reveal";
import { goWith, usePlace } from "../../app/router";
import { useLive, useShell } from "../../app/shell";
import { Graph } from "../../graph/Graph";
import { Problem } from "../../parts/Problem";
import { Tabs } from "../../parts/Tabs";
import { Differences } from "./Differences";
import { FlowHead } from "./FlowHead";
import { FlowOverview } from "./FlowOverview";
import { FlowStepPanel } from "./FlowStepPanel";
import { flowLooks } from "./looks";
import { Sql } from "./Sql";
import { StartPanel } from "./StartPanel";
import "./flow.css";

const EditMode = lazy(() => import("./edit/EditMode"));

export default function FlowPage({ slug }: { slug: string }) {
  const { query } = usePlace();
  const { canAct } = useShell();
  const flow = useData(`flow ${slug}`, (signal) => api.flow(slug, signal), 1000);
  const recent = useData(`recent ${slug}`, (signal) => api.runs({ ...ALL, flow: slug }, null, signal, 12), 1000);
  const refresh = () => {
    flow.reload();
    recent.reload();
  };
  useLive("flows", refresh, {
    runs: ({ runs, more }) => {
      if (more > 0 || runs.some((run) => run.flow_slug === slug || run.flow_slug === null)) refresh();
    },
    code: refresh,
  });
  const canEdit = canAct && flow.data !== null;
  useShortcuts([
    ...(canAct ? [{ keys: "s", does: "Start a run", run: () => goWith({ start: "1", step: null, edit: null }) }] : []),
    ...(canEdit ? [{ keys: "e", does: "Edit the flow", run: () => goWith({ edit: "1", step: null, start: null }) }] : []),
    { keys: "Escape", does: "Back to the whole flow", run: () => goWith({ step: null, start: null }) },
  ]);

  if (!flow.data) {
    if (!flow.error) return <p className="loading">Loading the flow …</p>;
    if (flow.error.status === 404 && canAct && query.has("edit")) return <Editing slug={slug} flow={null} onApplied={refresh} />;
    return (
      <div className="page">
        <Problem error={flow.error} again={flow.reload} />
        {flow.error.status === 404 && canAct && (
          <button type="button" className="button" onClick={() => goWith({ edit: "1" })}>
            Draw a new flow with this name
          </button>
        )}
      </div>
    );
  }
  if (query.has("edit") && canAct) return <Editing slug={slug} flow={flow.data} onApplied={refresh} />;
  return <Shown slug={slug} flow={flow.data} recent={recent.data?.runs ?? null} />;
}

const ALL = { flow: null, status: [], since: null, until: null, text: null };

function Editing(props: { slug: string; flow: FlowDetail | null; onApplied: () => void }) {
  return (
    <Suspense fallback={<p className="loading">Loading the editor …</p>}>
      <EditMode {...props} />
    </Suspense>
  );
}

function Shown({
  slug,
  flow,
  recent,
}: {
  slug: string;
  flow: FlowDetail;
  recent: Parameters<typeof FlowOverview>[0]["recent"];
}) {
  const { query } = usePlace();
  const { canAct } = useShell();
  const steps = useMemo(() => flowLooks(flow.steps), [flow.steps]);
  const selected = flow.steps.find((step) => step.slug === query.get("step")) ?? null;
  useReveal(query.has("start") ? "start" : (selected?.slug ?? null));
  const tab = query.get("tab") ?? "diagram";
  const different = flow.differences.structure.length + flow.differences.options.length;

  return (
    <div className="page">
      <FlowHead flow={flow} />
      <div className="split">
        <div className="card">
          <Tabs
            label="Views of this flow"
            items={[
              { name: "diagram", label: "Diagram" },
              { name: "sql", label: "SQL" },
              { name: "differences", label: different ? `Code / database (${different})` : "Code / database" },
            ]}
            current={tab}
            onPick={(name) => goWith({ tab: name === "diagram" ? null : name })}
          >
            {tab === "sql" && <Sql flow={flow} />}
            {tab === "differences" && <Differences flow={flow} />}
            {tab !== "sql" && tab !== "differences" && (
              <div className="canvas tall">
                <Graph
                  steps={steps}
                  selected={selected?.slug ?? null}
                  onSelect={(step) => goWith(step ? { step, start: null } : { step: null })}
                  label={`The steps of ${slug}`}
                />
              </div>
            )}
          </Tabs>
        </div>
        {query.has("start") && canAct ? (
          <StartPanel flow={flow} />
        ) : selected ? (
          <FlowStepPanel key={selected.slug} step={selected} />
        ) : (
          <FlowOverview flow={flow} recent={recent} />
        )}
      </div>
    </div>
  );
}
