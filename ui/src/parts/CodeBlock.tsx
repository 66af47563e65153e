import { Copy } from "./Copy";

/** Text to be copied; program text keeps its lines, anything else is wrapped. */
export function CodeBlock({ text, what, isProgram = false }: { text: string; what: string; isProgram?: boolean }) {
  return (
    <div className="code-block">
      <Copy text={text} what={what} />
      <pre className={isProgram ? "code program" : "code"} tabIndex={0} role="group" aria-label={what}>
        {text}
      </pre>
    </div>
  );
}
