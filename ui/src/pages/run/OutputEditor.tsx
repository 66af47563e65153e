import { useEffect, useState } from "react";

import { api } from "../../api/client";
import type { RunStep } from "../../api/types";
import { useShell } from "../../app/shell";
import { JsonEditor } from "../../forms/JsonEditor";
import { parse } from "../../parts/json";

/** Changes the output of a completed step while its dependents are held back. */
export function OutputEditor({
  run,
  step,
  onClose,
  onSaved,
}: {
  run: string;
  step: RunStep;
  onClose: () => void;
  onSaved: () => void;
}) {
  const { attempt, say } = useShell();
  const [text, setText] = useState<string | null>(null);

  useEffect(() => {
    void attempt(async () => setText(JSON.stringify(await api.payload(run, "output", step.slug), null, 2)));
  }, [run, step.slug, attempt]);

  if (text === null) return <p className="soft">Loading the output …</p>;
  const parsed = parse(text);
  const save = async () => {
    if (!("value" in parsed)) return;
    if (await attempt(() => api.editOutput(run, step.slug, parsed.value))) {
      say(`The output of ${step.slug} is changed`);
      onSaved();
      onClose();
    }
  };

  return (
    <section className="stack tight">
      <JsonEditor label={`Output of ${step.slug}`} text={text} onChange={setText} rows={8} />
      <div className="row">
        <button type="button" className="button primary" disabled={!("value" in parsed)} onClick={save}>
          Use this output
        </button>
        <button type="button" className="button" onClick={onClose}>
          Keep the old one
        </button>
      </div>
    </section>
  );
}
