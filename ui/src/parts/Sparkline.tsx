import type { History } from "../api/types";
import { plural } from "./formats";
import { columns } from "./sparks";

const HEIGHT = 28;
const STEP = 3;

/** Runs of the last hour, a column a minute; what failed stands on top in its colour. */
export function Sparkline({ history }: { history: History }) {
  const found = columns(history, HEIGHT);
  const width = found.length * STEP;
  const done = history.completed.reduce((a, b) => a + b, 0);
  const failed = history.failed.reduce((a, b) => a + b, 0);
  const span = Math.round((found.length * history.bucket_seconds) / 60);
  const label = `Last ${span} minutes: ${plural(done, "run")} completed, ${failed} failed`;

  return (
    <svg className="spark" width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={label}>
      <title>{label}</title>
      <line x1="0" x2={width} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className="spark-base" />
      {found.map((column, i) => (
        <g key={i}>
          {column.other > 0 && <Piece i={i} from={column.good} height={column.other} tone="waiting" />}
          {column.good > 0 && <Piece i={i} from={0} height={column.good} tone="good" />}
          {column.bad > 0 && <Piece i={i} from={column.good + column.other} height={column.bad} tone="bad" />}
        </g>
      ))}
    </svg>
  );
}

function Piece({ i, from, height, tone }: { i: number; from: number; height: number; tone: string }) {
  return <rect className={`spark-${tone}`} x={i * STEP} y={HEIGHT - from - height} width={STEP - 1} height={height} />;
}
