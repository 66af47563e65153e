import { useState } from "react";

import { api } from "../../api/client";
import { useShortcuts } from "../../app/keys";
import { addresses, Link, usePlace } from "../../app/router";
import { useShell } from "../../app/shell";
import { count, moment, plural } from "../../parts/formats";
import { Empty, Problem } from "../../parts/Problem";
import { Bulk } from "./Bulk";
import { Filters } from "./Filters";
import { filterOf, isFiltered } from "./filters";
import { RunsTable } from "./RunsTable";
import { useRuns } from "./useRuns";
import "./runs.css";

export default function RunsPage() {
  const { query } = usePlace();
  const { canAct, attempt, say, ask } = useShell();
  const filter = filterOf(query, Date.now());
  const found = useRuns(query.toString(), () => filterOf(query, Date.now()));
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const chosen = found.runs.filter((run) => picked.has(run.run_id)).map((run) => run.run_id);
  useShortcuts([{ keys: "/", does: "Search in the inputs", run: () => document.getElementById("find-run")?.focus() }]);

  const bulk = async (action: "cancel" | "retry", all: boolean) => {
    const whom = all ? "every run that fits the filter" : plural(chosen.length, "run");
    const yes = await ask({
      title: action === "cancel" ? `Cancel ${whom}?` : `Retry ${whom}?`,
      text:
        action === "cancel"
          ? "Open runs stop; handlers that are at work are told so. What is done stays done."
          : "Failed steps are tried again, with fresh attempts. Completed steps keep their outputs.",
      action: action === "cancel" ? "Cancel them" : "Retry them",
      danger: action === "cancel",
    });
    if (!yes) return;
    await attempt(async () => say(await changeAll(action, all ? filterOf(query, Date.now()) : { run_ids: chosen })));
    setPicked(new Set());
    found.reload();
  };

  return (
    <div className="page">
      <div className="page-head">
        <h1>Runs</h1>
        <span className="soft figures" aria-live="off">
          {found.rate >= 1 ? `${count(Math.round(found.rate))} end each second` : "newest first"}
        </span>
      </div>
      <Filters filter={filter} />
      {found.error && <Problem error={found.error} again={found.reload} />}
      {canAct && (
        <Bulk chosen={chosen.length} filter={filter} onBulk={bulk} onClear={() => setPicked(new Set())} />
      )}
      {found.isLoaded && found.runs.length === 0 && !found.next ? (
        <div className="card">
          {isFiltered(filter) ? (
            <Empty title="No run fits this filter">
              <p>
                Take something out of it, or <Link href={addresses.runs()}>show all runs</Link>.
              </p>
            </Empty>
          ) : (
            <Empty title="Nothing has run yet">
              <p>
                Open a <Link href={addresses.flows()}>flow</Link> and start it, or start one from your code or with{" "}
                <code>pgflow start</code>. It appears here by itself.
              </p>
            </Empty>
          )}
        </div>
      ) : (
        <RunsTable runs={found.runs} picked={picked} onPick={canAct ? setPicked : null} showFlow={!filter.flow} />
      )}
      <div className="row">
        {found.next && (
          <button type="button" className="button" onClick={found.more} disabled={found.busy}>
            {found.busy ? "Searching …" : found.searched ? "Search further back" : "Show more"}
          </button>
        )}
        {found.searched && found.next && <span className="soft small">Searched back to {moment(found.searched)}.</span>}
        {!found.next && found.runs.length > 0 && <span className="soft small">That is all: {plural(found.runs.length, "run")}.</span>}
      </div>
    </div>
  );
}

/** Calls as often as it takes: the server changes at most 500 runs at once. */
async function changeAll(
  action: "cancel" | "retry",
  target: Parameters<typeof api.bulk>[1],
): Promise<string> {
  let changed = 0;
  let refused: string | undefined;
  for (;;) {
    const answer = await api.bulk(action, target);
    changed += answer.changed;
    refused ??= answer.failed[0]?.message;
    if (!answer.more || answer.changed === 0) break;
  }
  const done = `${plural(changed, "run")} ${action === "cancel" ? "cancelled" : "retried"}`;
  return refused ? `${done}; others were refused: ${refused}` : done;
}
