import { useEffect, useMemo, useRef, useState } from "react";

import type { Json, JsonSchema } from "../api/types";
import { parse } from "../parts/json";
import { JsonEditor } from "./JsonEditor";
import { blank, control, flaws } from "./schema";
import { SchemaField } from "./SchemaField";

/** What stands in the editor: a value that can be sent, or why there is none. */
export type Edited = { value: Json } | { message: string; isShown?: boolean };

/** An input as a form, where there is a schema, and as JSON; both show the same value. */
export function InputEditor({
  schema,
  start,
  label,
  onChange,
}: {
  schema: JsonSchema | null;
  start?: Json | undefined;
  label: string;
  onChange: (edited: Edited) => void;
}) {
  const hasForm = schema !== null && control(schema, schema).kind !== "json";
  const initial = start !== undefined ? start : schema ? blank(schema, schema) : {};
  const [value, setValue] = useState<Json | undefined>(initial);
  const [text, setText] = useState(() => JSON.stringify(initial ?? null, null, 2));
  const [mode, setMode] = useState<"form" | "json">(hasForm ? "form" : "json");
  const found = useMemo(() => (hasForm && schema ? flaws(schema, schema, value) : []), [hasForm, schema, value]);
  const [touched, setTouched] = useState(false);
  const tell = useRef(onChange);
  tell.current = onChange;

  useEffect(() => {
    const edited: Edited =
      mode === "json" ? { ...parse(text), isShown: true } : found[0] ? { message: `${found[0].path || label} ${found[0].message}` } : { value: value ?? null };
    tell.current(edited);
  }, [mode, text, value, found, label]);

  const toJson = () => {
    setText(JSON.stringify(value ?? null, null, 2));
    setMode("json");
  };
  const toForm = () => {
    const parsed = parse(text);
    if ("value" in parsed) setValue(parsed.value);
    setMode("form");
  };

  return (
    <div className="stack">
      {hasForm && (
        <div className="chips" role="group" aria-label={`How to write the ${label.toLowerCase()}`}>
          <button type="button" className="chip" aria-pressed={mode === "form"} onClick={toForm}>
            Form
          </button>
          <button type="button" className="chip" aria-pressed={mode === "json"} onClick={toJson}>
            JSON
          </button>
        </div>
      )}
      {mode === "form" && schema ? (
        <SchemaField
          name={label.toLowerCase()}
          path=""
          schema={schema}
          root={schema}
          value={value}
          isRequired
          flaws={touched ? found : []}
          depth={0}
          onChange={(changed) => {
            setTouched(true);
            setValue(changed);
          }}
        />
      ) : (
        <JsonEditor label={label} text={text} onChange={setText} rows={Math.min(16, text.split("\n").length + 2)} />
      )}
    </div>
  );
}
