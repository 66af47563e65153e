import { type ReactNode, useState } from "react";

import type { Bar, Waterfall, WaterfallRow } from "../../api/types";
import type { Loaded } from "../../api/useData";
import { brief, count, duration } from "../../parts/formats";
import { Problem } from "../../parts/Problem";
import { look, Sign } from "../../parts/Status";
import { useNow } from "../../parts/Time";
import { VirtualList } from "../../parts/VirtualList";
import { span, ticks } from "./scale";

interface Axis {
  start: number;
  end: number;
}

type Line = { kind: "step"; row: WaterfallRow } | { kind: "element"; row: WaterfallRow; bar: Bar };

const ROW = 30;

/** When each step waited and worked; a map step opens to its slowest elements. */
export function WaterfallView({
  loaded,
  isOpen,
  selected,
  onSelect,
}: {
  loaded: Loaded<Waterfall>;
  isOpen: boolean;
  selected: string | null;
  onSelect: (slug: string) => void;
}) {
  const now = useNow(200, isOpen);
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  if (loaded.error && !loaded.data) return <Problem error={loaded.error} again={loaded.reload} />;
  if (!loaded.data) return <p className="loading">Loading the timeline …</p>;
  const start = Date.parse(loaded.data.start);
  const last = Date.parse(loaded.data.end);
  const axis: Axis = { start, end: Math.max(start + 1, isOpen ? Math.max(last, now) : last) };
  const lines = loaded.data.rows.flatMap((row): Line[] => [
    { kind: "step", row },
    ...(unfolded.has(row.step_slug) ? row.bars.map((bar): Line => ({ kind: "element", row, bar })) : []),
  ]);
  const fold = (slug: string) => {
    const next = new Set(unfolded);
    if (!next.delete(slug)) next.add(slug);
    setUnfolded(next);
  };

  return (
    <div className="waterfall">
      <Marks axis={axis} />
      <VirtualList
        count={lines.length}
        rowHeight={ROW}
        maxHeight={ROW * 14}
        label="Timeline of the steps"
        row={(i) => {
          const line = lines[i];
          if (!line) return null;
          if (line.kind === "element") return <ElementLine line={line} axis={axis} now={now} />;
          return (
            <StepLine
              row={line.row}
              axis={axis}
              now={now}
              isSelected={line.row.step_slug === selected}
              isUnfolded={unfolded.has(line.row.step_slug)}
              onFold={() => fold(line.row.step_slug)}
              onSelect={() => onSelect(line.row.step_slug)}
            />
          );
        }}
      />
      <p className="legend soft small">
        <span className="legend-bar wait" aria-hidden="true" /> in the queue or backing off
        <span className="legend-bar work tone-good" aria-hidden="true" /> at work
        <span className="legend-bar work tone-bad" aria-hidden="true" /> failed
      </p>
    </div>
  );
}

function Marks({ axis }: { axis: Axis }) {
  const seconds = (axis.end - axis.start) / 1000;
  return (
    <div className="waterfall-line marks" aria-hidden="true">
      <span />
      <span className="track">
        {ticks(seconds).map((mark) => (
          <i
            key={mark}
            className={mark > 0.93 * seconds ? "at-end" : undefined}
            style={{ left: `${(100 * mark) / seconds}%` }}
          >
            {mark === 0 ? "0" : brief(mark)}
          </i>
        ))}
      </span>
      <span />
    </div>
  );
}

function StepLine({
  row,
  axis,
  now,
  isSelected,
  isUnfolded,
  onFold,
  onSelect,
}: {
  row: WaterfallRow;
  axis: Axis;
  now: number;
  isSelected: boolean;
  isUnfolded: boolean;
  onFold: () => void;
  onSelect: () => void;
}) {
  const canUnfold = row.step_type === "map" && row.bars.length > 0;
  const only = row.step_type === "single" ? row.bars[0] : undefined;
  const end = row.end ? Date.parse(row.end) : row.status === "started" ? now : null;
  return (
    <div className={isSelected ? "waterfall-line selected" : "waterfall-line"}>
      <span className="waterfall-name">
        {canUnfold ? (
          <button
            type="button"
            className="quiet fold"
            onClick={onFold}
            aria-expanded={isUnfolded}
            aria-label={`${isUnfolded ? "Hide" : "Show"} the elements of ${row.step_slug}`}
          >
            {isUnfolded ? "▾" : "▸"}
          </button>
        ) : (
          <span className="fold" />
        )}
        <Sign status={row.status} />
        <button type="button" className="quiet mono clip" title={row.step_slug} onClick={onSelect}>
          {row.step_slug}
        </button>
        {row.step_type === "map" && row.tasks > 0 && <span className="soft small">×{count(row.tasks)}</span>}
      </span>
      <span className="track">
        {only ? (
          <TaskBar bar={only} axis={axis} now={now} />
        ) : (
          row.start && end !== null && <Stretch axis={axis} from={Date.parse(row.start)} to={end} status={row.status} />
        )}
      </span>
      <span className="waterfall-time figures small soft">{lasted(row, only, end)}</span>
    </div>
  );
}

function lasted(row: WaterfallRow, only: Bar | undefined, end: number | null): ReactNode {
  const from = only?.started_at ?? row.start;
  if (row.status === "skipped" || row.status === "created") return look(row.status).word;
  return from && end !== null ? duration(Math.max(0, end - Date.parse(from)) / 1000) : "";
}

function ElementLine({ line, axis, now }: { line: Line & { kind: "element" }; axis: Axis; now: number }) {
  const { bar, row } = line;
  const end = bar.ended_at ? Date.parse(bar.ended_at) : now;
  return (
    <div className="waterfall-line element-line">
      <span className="waterfall-name">
        <span className="fold" />
        <Sign status={bar.status} />
        <span className="figures small">#{bar.task_index}</span>
        {row.shown < row.tasks && bar === row.bars[0] && (
          <span className="soft small">the {row.shown} slowest of {count(row.tasks)}</span>
        )}
      </span>
      <span className="track">
        <TaskBar bar={bar} axis={axis} now={now} />
      </span>
      <span className="waterfall-time figures small soft">
        {bar.started_at && duration(Math.max(0, end - Date.parse(bar.started_at)) / 1000)}
      </span>
    </div>
  );
}

function TaskBar({ bar, axis, now }: { bar: Bar; axis: Axis; now: number }) {
  const queued = Date.parse(bar.queued_at);
  const started = bar.started_at ? Date.parse(bar.started_at) : null;
  const ended = bar.ended_at ? Date.parse(bar.ended_at) : now;
  const isOver = started === null && bar.status !== "queued";
  const wait = span(queued, started ?? (isOver ? queued : now), axis.start, axis.end);
  const waited = duration(Math.max(0, (started ?? now) - queued) / 1000);
  const unstarted = isOver ? "was never started" : `waits ${waited}`;
  const retried = bar.attempts > 1 ? `, ${bar.attempts} attempts` : "";
  const title = started ? `waited ${waited}, worked ${duration(Math.max(0, ended - started) / 1000)}${retried}` : unstarted;
  return (
    <span title={title}>
      <span className="bar wait" style={{ left: `${wait.left}%`, width: `${wait.width}%` }} />
      {started !== null && <Stretch axis={axis} from={started} to={ended} status={bar.status} />}
      {bar.attempts > 1 && (
        <span className="bar-note" style={{ left: `${wait.left}%` }}>
          attempt {bar.attempts}
        </span>
      )}
    </span>
  );
}

function Stretch({ axis, from, to, status }: { axis: Axis; from: number; to: number; status: string }) {
  const { left, width } = span(from, to, axis.start, axis.end);
  return <span className={`bar work tone-${look(status).tone}`} style={{ left: `${left}%`, width: `${width}%` }} />;
}
