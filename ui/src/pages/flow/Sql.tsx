import type { FlowDetail } from "../../api/types";
import { CodeBlock } from "../../parts/CodeBlock";

/** What compiling this flow does to the database. */
export function Sql({ flow }: { flow: FlowDetail }) {
  const known = flow.code ?? flow.database;
  if (!known) return null;
  return (
    <div className="pad stack">
      <p className="soft">
        {flow.code ? "Compiled from your code." : "Read from the database."} Checksum of the structure:{" "}
        <code>{known.checksum.slice(0, 16)}</code>
      </p>
      <CodeBlock text={known.sql.join("\n")} what="SQL" />
    </div>
  );
}
