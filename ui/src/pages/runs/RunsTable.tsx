import { memo } from "react";

import type { RunSummary } from "../../api/types";
import { addresses, Link } from "../../app/router";
import { shortId } from "../../parts/formats";
import { Status } from "../../parts/Status";
import { Ago, Elapsed } from "../../parts/Time";

type Pick = (picked: ReadonlySet<string>) => void;

export function RunsTable({
  runs,
  picked,
  onPick,
  showFlow,
}: {
  runs: RunSummary[];
  picked: ReadonlySet<string>;
  onPick: Pick | null;
  showFlow: boolean;
}) {
  const all = runs.length > 0 && runs.every((run) => picked.has(run.run_id));
  const pickAll = () => onPick?.(all ? new Set() : new Set(runs.map((run) => run.run_id)));
  const pick = (id: string) => {
    const next = new Set(picked);
    if (!next.delete(id)) next.add(id);
    onPick?.(next);
  };

  return (
    <div className="card table-scroll">
      <table className="runs">
        <thead>
          <tr>
            {onPick && (
              <th className="tick">
                <input type="checkbox" aria-label="Pick all runs that are shown" checked={all} onChange={pickAll} />
              </th>
            )}
            <th>Status</th>
            <th>Run</th>
            {showFlow && <th>Flow</th>}
            <th>Input</th>
            <th className="optional">Steps</th>
            <th className="number">Took</th>
            <th className="number optional">Started</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow
              key={run.run_id}
              run={run}
              isPicked={picked.has(run.run_id)}
              onPick={onPick && pick}
              showFlow={showFlow}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RunRowProps {
  run: RunSummary;
  isPicked: boolean;
  onPick: ((id: string) => void) | null;
  showFlow: boolean;
}

function Row({ run, isPicked, onPick, showFlow }: RunRowProps) {
  const isPaused = run.paused_at !== null && run.status === "started";
  return (
    <tr className={isPicked ? "picked" : undefined}>
      {onPick && (
        <td className="tick">
          <input
            type="checkbox"
            aria-label={`Pick the run ${shortId(run.run_id)}`}
            checked={isPicked}
            onChange={() => onPick(run.run_id)}
          />
        </td>
      )}
      <td className="status-cell">
        <Status status={isPaused ? "paused" : run.status} />
      </td>
      <td className="id-cell nowrap">
        <Link className="mono" href={addresses.run(run.run_id)} title={run.run_id}>
          …{shortId(run.run_id)}
        </Link>
      </td>
      {showFlow && (
        <td className="flow-cell">
          <Link className="clip ink" href={addresses.flow(run.flow_slug)} title={run.flow_slug}>
            {run.flow_slug}
          </Link>
        </td>
      )}
      <td className="input-cell">
        <span className="mono clip" title={run.input.preview}>
          {run.input.preview}
        </span>
        {run.error_message && run.status === "failed" && (
          <span className="clip small run-error" title={run.error_message}>
            {run.error_message}
          </span>
        )}
      </td>
      <td className="optional figures nowrap">
        {run.steps_total - run.steps_open}/{run.steps_total}
      </td>
      <td className="number took-cell nowrap">
        <Elapsed from={run.started_at} to={run.ended_at ?? endedMeanwhile(run)} />
      </td>
      <td className="number optional nowrap soft">
        <Ago at={run.started_at} />
      </td>
    </tr>
  );
}

/** The stream said that it has ended; when exactly comes with the next look. */
function endedMeanwhile(run: RunSummary): string | null {
  if (run.status === "started") return null;
  return new Date(Date.parse(run.started_at) + run.seconds * 1000).toISOString();
}

const RunRow = memo(Row, (a, b) => {
  const same = a.isPicked === b.isPicked && a.showFlow === b.showFlow && (a.onPick === null) === (b.onPick === null);
  const { run: x } = a;
  const { run: y } = b;
  return (
    same &&
    a.onPick === b.onPick &&
    x.run_id === y.run_id &&
    x.status === y.status &&
    x.steps_open === y.steps_open &&
    x.paused_at === y.paused_at &&
    x.ended_at === y.ended_at &&
    x.error_message === y.error_message
  );
});
