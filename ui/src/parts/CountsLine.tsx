import type { Counts, RunStatus } from "../api/types";
import { addresses, Link } from "../app/router";
import { count } from "./formats";
import { look, Sign } from "./Status";

const ORDER: RunStatus[] = ["started", "completed", "failed", "cancelled"];

/** How many runs of a flow there are of each status; each leads to them. */
export function CountsLine({ flow, counts }: { flow: string; counts: Counts }) {
  const shown = ORDER.filter((status) => counts[status] > 0);
  if (shown.length === 0) return <span className="soft">no runs yet</span>;
  return (
    <span className="counts">
      {shown.map((status) => (
        <Link key={status} href={addresses.runs(flow, status)} className={`tone-${look(status).tone} count-link`} title={look(status).word}>
          <Sign status={status} />
          {count(counts[status])} <span className="count-word">{look(status).word}</span>
        </Link>
      ))}
    </span>
  );
}
