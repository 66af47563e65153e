import type { FlowDetail, RunSummary } from "../../api/types";
import { addresses, Link } from "../../app/router";
import { Copy } from "../../parts/Copy";
import { CountsLine } from "../../parts/CountsLine";
import { Sparkline } from "../../parts/Sparkline";
import { look, Sign } from "../../parts/Status";
import { Ago, Elapsed } from "../../parts/Time";

/** The panel of the whole flow: how it does, and its newest runs. */
export function FlowOverview({ flow, recent }: { flow: FlowDetail; recent: RunSummary[] | null }) {
  return (
    <aside className="card panel" aria-label="The whole flow">
      <div className="panel-head">
        <h2>This flow</h2>
        <span className="soft small">select a step for more</span>
      </div>
      <div className="panel-body">
        <section className="stack tight">
          <h3>Last hour</h3>
          <Sparkline history={flow.history} />
          <CountsLine flow={flow.slug} counts={flow.counts} />
          <p className="soft small">
            Open runs now; ended ones since <Ago at={flow.counts_since} />.
          </p>
        </section>
        {flow.workers === 0 && <NoWorker flow={flow} />}
        <section className="stack tight">
          <div className="row">
            <h3>Newest runs</h3>
            <Link className="push small" href={addresses.runs(flow.slug)}>
              All runs
            </Link>
          </div>
          {recent?.length === 0 && <p className="soft">None yet. Start one, and watch it here.</p>}
          <ul className="recent">
            {recent?.map((run) => (
              <li key={run.run_id}>
                <Link href={addresses.run(run.run_id)}>
                  <Sign status={run.paused_at && run.status === "started" ? "paused" : run.status} />
                  <span className="hidden-text">{look(run.status).word}</span>
                  <span className="mono clip" title={run.input.preview}>
                    {run.error_message ?? run.input.preview}
                  </span>
                  <span className="soft small figures">
                    <Elapsed from={run.started_at} to={run.ended_at} />
                  </span>
                  <span className="soft small">
                    <Ago at={run.started_at} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </aside>
  );
}

function NoWorker({ flow }: { flow: FlowDetail }) {
  const command = `pgflow worker ${flow.code?.source.name ?? "FLOWS"}`;
  return (
    <p className="sentence tone-aside">
      No worker serves this flow, so runs wait. Start one: <code>{command}</code> <Copy text={command} what="command" />
    </p>
  );
}
