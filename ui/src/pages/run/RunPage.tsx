import { useMemo, useState } from "react";

import { api } from "../../api/client";
import type { RunStep } from "../../api/types";
import { useData } from "../../api/useData";
import { useShortcuts } from "../../app/keys";
import { useReveal } from "../../app/reveal";
import { goWith, usePlace } from "../../app/router";
import { Graph } from "../../graph/Graph";
import { Problem } from "../../parts/Problem";
import { Tabs } from "../../parts/Tabs";
import { Log } from "./Log";
import { looks } from "./looks";
import { RerunDialog } from "./RerunDialog";
import { RunHead } from "./RunHead";
import { RunOverview } from "./RunOverview";
import { StepPanel } from "./StepPanel";
import { StepThrough } from "./StepThrough";
import { useRun } from "./useRun";
import { WaterfallView } from "./Waterfall";
import "./run.css";

export default function RunPage({ id }: { id: string }) {
  const { query } = usePlace();
  const state = useRun(id);
  const { page } = state;
  const flowSlug = page?.run.flow_slug ?? null;
  const flow = useData(`flow ${flowSlug}`, (signal) => (flowSlug ? api.flow(flowSlug, signal) : Promise.resolve(null)));
  const [rerun, setRerun] = useState<{ step: RunStep | null } | null>(null);

  const conditional = useMemo(
    () =>
      new Set(flow.data?.steps.filter((step) => step.when !== null || step.unless !== null).map((step) => step.slug)),
    [flow.data],
  );
  const pictured = useMemo(() => (page ? looks(page, conditional) : []), [page, conditional]);
  const selected = page?.steps.find((step) => step.slug === query.get("step")) ?? null;
  const select = (slug: string | null) => goWith({ step: slug, element: null });

  const neighbour = (by: number) => {
    const steps = page?.steps ?? [];
    const at = selected ? steps.indexOf(selected) + by : by > 0 ? 0 : steps.length - 1;
    const next = steps[Math.max(0, Math.min(steps.length - 1, at))];
    if (next) select(next.slug);
  };
  useShortcuts([
    { keys: "j", does: "Select the next step", run: () => neighbour(1) },
    { keys: "k", does: "Select the step before", run: () => neighbour(-1) },
    { keys: "Escape", does: "Back to the whole run", run: () => select(null) },
  ]);

  useReveal(selected?.slug ?? null);

  if (!page) {
    return state.error ? (
      <div className="page">
        <Problem error={state.error} again={state.refresh} />
      </div>
    ) : (
      <p className="loading">Loading the run …</p>
    );
  }
  const tab = query.get("tab") ?? "timeline";
  const handler = flow.data?.steps.find((step) => step.slug === selected?.slug)?.handler ?? null;

  return (
    <div className="page run-page">
      <RunHead page={page} onChange={state.refresh} onRerun={() => setRerun({ step: null })} />
      {state.error && <Problem error={state.error} again={state.refresh} />}
      <StepThrough page={page} selected={selected} onSelect={select} onChange={state.refresh} />
      <div className="split">
        <div className="stack">
          <div className="card canvas">
            <Graph
              steps={pictured}
              selected={selected?.slug ?? null}
              onSelect={select}
              label={`The steps of this run of ${page.run.flow_slug}`}
            />
          </div>
          <div className="card">
            <Tabs
              label="More about this run"
              items={[
                { name: "timeline", label: "Timeline" },
                { name: "log", label: "Log" },
              ]}
              current={tab}
              onPick={(name) => goWith({ tab: name === "timeline" ? null : name })}
            >
              {tab === "log" ? (
                <Log loaded={state.log} onSelect={select} />
              ) : (
                <WaterfallView
                  loaded={state.waterfall}
                  isOpen={page.run.status === "started"}
                  selected={selected?.slug ?? null}
                  onSelect={select}
                />
              )}
            </Tabs>
          </div>
        </div>
        {selected ? (
          <StepPanel
            key={selected.slug}
            page={page}
            step={selected}
            handler={handler}
            version={state.version}
            reasons={state.explanation.data?.reasons ?? []}
            onClose={() => select(null)}
            onChange={state.refresh}
            onRerun={() => setRerun({ step: selected })}
          />
        ) : (
          <RunOverview page={page} explanation={state.explanation.data} onSelect={select} />
        )}
      </div>
      {rerun && (
        <RerunDialog
          page={page}
          step={rerun.step}
          schema={flow.data?.code?.input_schema ?? null}
          onClose={() => setRerun(null)}
        />
      )}
    </div>
  );
}
