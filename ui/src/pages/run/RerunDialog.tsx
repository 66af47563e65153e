import { useEffect, useState } from "react";

import { ApiError, api } from "../../api/client";
import type { Json, JsonSchema, RunPage, RunStep } from "../../api/types";
import { addresses, go } from "../../app/router";
import { useShell } from "../../app/shell";
import { type Edited, InputEditor } from "../../forms/InputEditor";
import { Dialog } from "../../parts/Dialog";
import { Problem } from "../../parts/Problem";

/** What the new run starts with: the run's input, or the outputs that the step is given. */
async function kept(run: string, step: RunStep | null): Promise<Json> {
  if (!step || step.dependencies.length === 0) return api.payload(run, "input");
  const entries = await Promise.all(
    step.dependencies.map(async (slug) => {
      const value = await api.payload(run, "output", slug).catch(() => undefined);
      return [slug, value] as const;
    }),
  );
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

/** A new run: from the start with edited input, or from a step that keeps what came before it. */
export function RerunDialog({
  page,
  step,
  schema,
  onClose,
}: {
  page: RunPage;
  step: RunStep | null;
  schema: JsonSchema | null;
  onClose: () => void;
}) {
  const { say } = useShell();
  const id = page.run.run_id;
  const slug = step?.slug ?? null;
  const [old, setOld] = useState<{ value: Json } | null>(null);
  const [edited, setEdited] = useState<Edited | null>(null);
  const [paused, setPaused] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const isRoot = !step || step.dependencies.length === 0;

  useEffect(() => {
    kept(id, step)
      .then((value) => setOld({ value }))
      .catch((reason: ApiError) => setError(reason));
    // The step is known by its name; its figures may change meanwhile.
  }, [id, slug]);

  const start = async () => {
    if (!edited || !("value" in edited)) return;
    setBusy(true);
    setError(null);
    try {
      const isSame = JSON.stringify(edited.value) === JSON.stringify(old?.value);
      const body = { step: slug, paused, ...(isSame ? {} : { input: edited.value }) };
      const { run } = await api.rerun(id, body);
      onClose();
      go(addresses.run(run.run_id));
      say("This is the new run");
    } catch (reason) {
      setError(reason instanceof ApiError ? reason : new ApiError(0, "unknown", String(reason)));
      setBusy(false);
    }
  };

  return (
    <Dialog title={step ? `Run again from ${step.slug}` : "Run again"} wide onClose={onClose}>
      <p className="soft">
        {step
          ? `A new run starts that keeps every output that ${step.slug} does not change. ${
              isRoot ? "Its input can be edited here." : "What it gets from the steps before it can be edited here."
            }`
          : "A new run starts from the beginning, with this input."}
      </p>
      {old ? (
        <InputEditor
          key={JSON.stringify(old.value).length}
          schema={isRoot ? schema : null}
          start={old.value}
          label={isRoot ? "Input" : "Outputs of the steps before"}
          onChange={setEdited}
        />
      ) : (
        !error && <p className="soft">Loading …</p>
      )}
      {error && <Problem error={error} />}
      <div className="dialog-actions">
        <label className="check">
          <input type="checkbox" checked={paused} onChange={(event) => setPaused(event.target.checked)} />
          Start paused, to step through
        </label>
        <button
          type="button"
          className="button primary"
          disabled={busy || !edited || !("value" in edited)}
          onClick={start}
        >
          Start the new run
        </button>
      </div>
    </Dialog>
  );
}
