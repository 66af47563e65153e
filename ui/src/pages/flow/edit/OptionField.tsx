import { useId, useState } from "react";

/** A whole number, or nothing: then it is inherited. */
export function OptionField({
  label,
  hint,
  value,
  least,
  onChange,
}: {
  label: string;
  hint: string;
  value: number | null;
  least: number;
  onChange: (value: number | null) => void;
}) {
  const id = useId();
  const [text, setText] = useState(value === null ? "" : String(value));
  const isWrong = text !== "" && (!/^\d+$/.test(text) || Number(text) < least);
  const change = (typed: string) => {
    setText(typed);
    if (typed === "") onChange(null);
    else if (/^\d+$/.test(typed) && Number(typed) >= least) onChange(Number(typed));
  };
  return (
    <div className="field option-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        inputMode="numeric"
        placeholder="inherited"
        value={text}
        aria-invalid={isWrong}
        aria-describedby={`${id}-hint`}
        onChange={(event) => change(event.target.value)}
      />
      <p id={`${id}-hint`} className={isWrong ? "field-error" : "hint"}>
        {isWrong ? `A whole number from ${least}` : hint}
      </p>
    </div>
  );
}
