import type { FlowDetail } from "../../api/types";
import { addresses, goWith, Link } from "../../app/router";
import { useShell } from "../../app/shell";
import { Copy } from "../../parts/Copy";
import { plural } from "../../parts/formats";
import { Icon } from "../../parts/Icon";
import { SyncBadge } from "../../parts/SyncBadge";

export function FlowHead({ flow }: { flow: FlowDetail }) {
  const { canAct, session } = useShell();
  return (
    <div className="page-head">
      <nav className="crumbs" aria-label="Where this flow belongs">
        <Link href={addresses.flows()}>flows</Link>
        {flow.code && (
          <span className="push mono clip" title={flow.code.source.file}>
            {flow.code.source.name}
          </span>
        )}
      </nav>
      <h1 className="mono">{flow.slug}</h1>
      <Copy text={flow.slug} what="flow name" />
      {session?.code && <SyncBadge sync={flow.sync} />}
      <span className="soft">
        {plural(flow.steps.length, "step")} · {flow.workers === 0 ? "no worker serves it" : plural(flow.workers, "worker")}
      </span>
      <div className="actions">
        {canAct && (
          <>
            <button type="button" className="button" onClick={() => goWith({ edit: "1", step: null, start: null })}>
              Edit
            </button>
            <button
              type="button"
              className="button primary"
              disabled={flow.database === null}
              title={flow.database === null ? "Compile the flow first: the database does not know it" : undefined}
              onClick={() => goWith({ start: "1", step: null })}
            >
              <Icon shape="play" /> Start a run
            </button>
          </>
        )}
      </div>
    </div>
  );
}
