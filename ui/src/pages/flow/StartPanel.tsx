import { useState } from "react";

import { ApiError, api } from "../../api/client";
import type { FlowDetail, Json, RecentInput } from "../../api/types";
import { useData } from "../../api/useData";
import { addresses, go, goWith } from "../../app/router";
import { type Edited, InputEditor } from "../../forms/InputEditor";
import { Icon } from "../../parts/Icon";
import { Problem } from "../../parts/Problem";
import { Sign } from "../../parts/Status";
import { Ago } from "../../parts/Time";

/** Starts a run: a form for its input, and the inputs of runs before. */
export function StartPanel({ flow }: { flow: FlowDetail }) {
  const history = useData(`inputs ${flow.slug}`, (signal) => api.inputs(flow.slug, signal));
  const [taken, setTaken] = useState<{ value: Json; from: string } | null>(null);
  const [edited, setEdited] = useState<Edited | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);

  const start = async (paused: boolean) => {
    if (!edited || !("value" in edited)) return;
    setBusy(true);
    setError(null);
    try {
      const { run } = await api.start(flow.slug, edited.value, paused);
      go(addresses.run(run.run_id));
    } catch (reason) {
      setError(reason instanceof ApiError ? reason : new ApiError(0, "unknown", String(reason)));
      setBusy(false);
    }
  };
  const isReady = edited !== null && "value" in edited && !busy;

  return (
    <aside className="card panel" aria-label="Start a run">
      <div className="panel-head">
        <h2>Start a run</h2>
        <button type="button" className="icon-button" onClick={() => goWith({ start: null })} aria-label="Close the start form">
          ×
        </button>
      </div>
      <form
        className="panel-body"
        onSubmit={(event) => {
          event.preventDefault();
          void start(false);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void start(false);
        }}
      >
        <InputEditor
          key={taken?.from ?? "new"}
          schema={flow.code?.input_schema ?? null}
          start={taken?.value}
          label="Input"
          onChange={setEdited}
        />
        {error && <Problem error={error} />}
        {edited && "message" in edited && !edited.isShown && <p className="soft small">Before it can start: {edited.message}.</p>}
        <div className="row">
          <button type="submit" className="button primary" disabled={!isReady}>
            <Icon shape="play" /> Start
          </button>
          <button type="button" className="button" disabled={!isReady} onClick={() => start(true)}>
            <Icon shape="pause" /> Start paused
          </button>
          <span className="soft small push">Ctrl+Enter</span>
        </div>
        <Before inputs={history.data?.inputs ?? []} onTake={(value, from) => setTaken({ value, from })} />
      </form>
    </aside>
  );
}

function Before({ inputs, onTake }: { inputs: RecentInput[]; onTake: (value: Json, from: string) => void }) {
  const take = async ({ run_id, input }: RecentInput) => {
    const value = input.is_whole ? (JSON.parse(input.preview) as Json) : await api.payload(run_id, "input");
    onTake(value, `${run_id} ${Date.now()}`);
  };
  if (inputs.length === 0) return null;
  return (
    <section className="stack tight">
      <h3>Inputs used before</h3>
      <ul className="recent">
        {inputs.map((entry) => (
          <li key={entry.run_id}>
            <button type="button" onClick={() => take(entry)} title={entry.input.preview}>
              <Sign status={entry.status} />
              <span className="mono clip">{entry.input.preview}</span>
              <span className="soft small">
                <Ago at={entry.started_at} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
