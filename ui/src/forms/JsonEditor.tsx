import { useId } from "react";

import { parse } from "../parts/json";

/** Text that must become JSON; Ctrl+Enter is left to the form around it. */
export function JsonEditor({
  label,
  text,
  onChange,
  rows = 6,
}: {
  label: string;
  text: string;
  onChange: (text: string) => void;
  rows?: number;
}) {
  const id = useId();
  const parsed = parse(text);
  const message = "message" in parsed ? parsed.message : null;
  return (
    <div className="field">
      <label htmlFor={id}>{label}, as JSON</label>
      <textarea
        id={id}
        className="textarea"
        rows={rows}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        aria-invalid={message !== null}
        aria-describedby={message ? `${id}-flaw` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {message && (
        <p className="field-error" id={`${id}-flaw`}>
          {message}
        </p>
      )}
    </div>
  );
}
