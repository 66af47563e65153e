import { useState } from "react";

import { api } from "../../api/client";
import type { FlowSummary, Session } from "../../api/types";
import { useData } from "../../api/useData";
import { useShortcuts } from "../../app/keys";
import { addresses, go, Link } from "../../app/router";
import { useLive, useShell } from "../../app/shell";
import { CodeBlock } from "../../parts/CodeBlock";
import { CountsLine } from "../../parts/CountsLine";
import { Dialog } from "../../parts/Dialog";
import { plural } from "../../parts/formats";
import { Icon } from "../../parts/Icon";
import { Empty, Problem } from "../../parts/Problem";
import { Sparkline } from "../../parts/Sparkline";
import { SyncBadge } from "../../parts/SyncBadge";
import { Ago } from "../../parts/Time";
import "./flows.css";

export default function FlowsPage() {
  const { session, canAct } = useShell();
  // The figures come from many runs: a look a second and a half is live enough.
  const { data, error, reload } = useData("flows", api.flows, 1500);
  const [sought, setSought] = useState("");
  const [naming, setNaming] = useState(false);
  useLive("flows", reload, { runs: reload, code: reload });
  useShortcuts([{ keys: "/", does: "Find a flow", run: () => document.getElementById("find-flow")?.focus() }]);

  const flows = data?.flows.filter((flow) => flow.slug.includes(sought.trim())) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>Flows</h1>
        {data && <span className="soft">{plural(data.flows.length, "flow")}</span>}
        <div className="actions">
          {data && data.flows.length > 6 && (
            <input
              id="find-flow"
              className="input find-flow"
              type="search"
              placeholder="Find a flow"
              aria-label="Find a flow"
              value={sought}
              onChange={(event) => setSought(event.target.value)}
            />
          )}
          {canAct && (
            <button type="button" className="button" onClick={() => setNaming(true)}>
              + Draw a new flow
            </button>
          )}
        </div>
      </div>
      {error && <Problem error={error} again={reload} />}
      {!data && !error && <p className="loading">Loading the flows …</p>}
      {data && data.flows.length === 0 && <NoFlows session={session} />}
      {data && data.flows.length > 0 && (
        <ul className="flow-list card">
          {flows.map((flow) => (
            <FlowRow key={flow.slug} flow={flow} hasCode={session?.code != null} canAct={canAct} />
          ))}
          {flows.length === 0 && <li className="pad soft">No flow has "{sought}" in its name.</li>}
        </ul>
      )}
      {naming && <NewFlow taken={data?.flows.map((flow) => flow.slug) ?? []} onClose={() => setNaming(false)} />}
    </div>
  );
}

function FlowRow({ flow, hasCode, canAct }: { flow: FlowSummary; hasCode: boolean; canAct: boolean }) {
  return (
    <li className="flow-row">
      <div className="flow-names">
        <Link className="name" href={addresses.flow(flow.slug)}>
          {flow.slug}
        </Link>
        <span className="row small soft">
          {plural(flow.steps, "step")}
          {hasCode && <SyncBadge sync={flow.sync} />}
          {flow.workers === 0 ? (
            <span className="tone-aside no-worker" title="Runs of this flow wait until a worker serves it">
              <Icon shape="pause" /> no worker
            </span>
          ) : (
            plural(flow.workers, "worker")
          )}
        </span>
        {flow.differences.length > 0 && flow.sync !== "only_in_database" && flow.sync !== "only_in_code" && (
          <span className="small soft clip" title={flow.differences.join("\n")}>
            {flow.differences[0]}
            {flow.differences.length > 1 && ` and ${flow.differences.length - 1} more`}
          </span>
        )}
      </div>
      <div className="flow-spark">
        <Sparkline history={flow.history} />
        <span className="soft small">last hour</span>
      </div>
      <div className="flow-counts">
        <CountsLine flow={flow.slug} counts={flow.counts} />
        <span className="soft small">{flow.last_run_at ? <>last run <Ago at={flow.last_run_at} /></> : ""}</span>
      </div>
      {canAct && (
        <Link className="button small" href={`${addresses.flow(flow.slug)}?start=1`}>
          <Icon shape="play" /> Start<span className="hidden-text"> a run of {flow.slug}</span>
        </Link>
      )}
    </li>
  );
}

const EXAMPLE = `from pgflow import Flow

greet = Flow("greet", input=str)

@greet.step()
def hello(name: str) -> str:
    return f"Hello, {name}!"`;

function NoFlows({ session }: { session: Session | null }) {
  return (
    <div className="card">
      <Empty title="No flow yet">
        {session?.code ? (
          <p>The loaded code declares no flow. Write one, save, and it appears here:</p>
        ) : (
          <p>The database knows no flow. Write one to flows.py, then run pgflow dev flows.py:</p>
        )}
        <CodeBlock text={EXAMPLE} what="example flow" isProgram />
      </Empty>
    </div>
  );
}

const SLUG = /^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;

function NewFlow({ taken, onClose }: { taken: string[]; onClose: () => void }) {
  const [slug, setSlug] = useState("");
  const flaw = taken.includes(slug)
    ? "There is a flow with this name already."
    : slug && !SLUG.test(slug)
      ? "A name has letters, digits and underscores, and starts with no digit."
      : null;
  return (
    <Dialog title="Draw a new flow" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          go(`${addresses.flow(slug)}?edit=1`);
        }}
      >
        <div className="field">
          <label htmlFor="new-flow">Name</label>
          <input
            id="new-flow"
            className="input mono"
            value={slug}
            autoFocus
            aria-invalid={flaw !== null}
            onChange={(event) => setSlug(event.target.value)}
          />
          {flaw && <p className="field-error">{flaw}</p>}
        </div>
        <p className="soft small">You draw its steps; the page shows the SQL and the Python for it.</p>
        <div className="dialog-actions">
          <button type="submit" className="button primary" disabled={!slug || flaw !== null}>
            Draw it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
