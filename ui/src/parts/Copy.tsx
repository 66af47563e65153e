import { useEffect, useState } from "react";

import { useShell } from "../app/shell";
import { Icon } from "./Icon";

/** Copies a text; a function is asked for it when it is needed. */
export function Copy({ text, what, label }: { text: string | (() => Promise<string>); what: string; label?: string }) {
  const { attempt } = useShell();
  const [done, setDone] = useState(false);

  useEffect(() => {
    if (!done) return;
    const timer = window.setTimeout(() => setDone(false), 1500);
    return () => window.clearTimeout(timer);
  }, [done]);

  const copy = () =>
    attempt(async () => {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setDone(true);
    });

  return (
    <button type="button" className="quiet copy" onClick={copy} aria-label={label ? undefined : `Copy ${what}`} title={`Copy ${what}`}>
      <Icon shape={done ? "check" : "copy"} />
      {label && <span> {done ? "Copied" : label}</span>}
    </button>
  );
}
