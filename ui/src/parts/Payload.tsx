import { useMemo, useState } from "react";

import { api } from "../api/client";
import type { Payload } from "../api/types";
import { useShell } from "../app/shell";
import { Copy } from "./Copy";
import { bytes } from "./formats";
import { pretty, tokens } from "./json";

// More text than this is quicker to read elsewhere, and slow to colour.
const COLOURED = 20_000;
const SHOWN = 500_000;

export function JsonText({ text }: { text: string }) {
  const pieces = useMemo(() => (text.length > COLOURED ? null : tokens(text)), [text]);
  if (!pieces) return <>{text}</>;
  return (
    <>
      {pieces.map((piece, i) =>
        piece.kind === "plain" ? piece.text : <span key={i} className={`json-${piece.kind}`}>{piece.text}</span>,
      )}
    </>
  );
}

export interface PayloadSource {
  run: string;
  kind: "input" | "output";
  step?: string;
  task?: number;
}

function rawAddress({ run, kind, step, task }: PayloadSource): string {
  const query = new URLSearchParams({ kind });
  if (step !== undefined) query.set("step", step);
  if (task !== undefined) query.set("task", String(task));
  return `/api/runs/${run}/payload?${query}`;
}

/** A value of a run: its text, whole on demand, to be copied or opened alone. */
export function PayloadView({
  title,
  payload,
  source,
  none = "none yet",
}: {
  title: string;
  payload: Payload | null;
  source: PayloadSource;
  none?: string;
}) {
  const { attempt } = useShell();
  const [full, setFull] = useState<{ of: string; text: string } | null>(null);

  const fetchWhole = async () =>
    JSON.stringify(await api.payload(source.run, source.kind, source.step, source.task), null, 2);
  const whole = payload && full?.of === payload.preview ? full.text : null;
  const text = payload && (whole ?? (payload.is_whole ? pretty(payload.preview) : `${payload.preview} …`));
  const show = () =>
    payload && attempt(async () => setFull({ of: payload.preview, text: await fetchWhole() }));

  return (
    <section className="payload">
      <header>
        <h3>{title}</h3>
        {payload && (
          <>
            <span className="soft small">{bytes(payload.bytes)}</span>
            <a className="quiet small" href={rawAddress(source)} target="_blank" rel="noreferrer">
              Raw<span className="hidden-text"> {title}, in a new tab</span>
            </a>
            <Copy text={payload.is_whole ? pretty(payload.preview) : fetchWhole} what={title.toLowerCase()} />
          </>
        )}
      </header>
      {payload && text !== null ? (
        <pre className="code" tabIndex={0} role="group" aria-label={title}>
          <JsonText text={text.slice(0, SHOWN)} />
        </pre>
      ) : (
        <p className="soft small">{none}</p>
      )}
      {payload && !payload.is_whole && whole === null && (
        <button type="button" className="button small" onClick={show}>
          Show all {bytes(payload.bytes)}
        </button>
      )}
    </section>
  );
}
