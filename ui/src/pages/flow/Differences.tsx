import type { FlowDetail } from "../../api/types";
import { moment } from "../../parts/formats";
import { Empty } from "../../parts/Problem";
import { CodeBlock } from "../../parts/CodeBlock";

const COMPILE = "pgflow compile";

/** What the code says and the database does not, in sentences. */
export function Differences({ flow }: { flow: FlowDetail }) {
  const { structure, options } = flow.differences;
  if (!flow.code) {
    return (
      <Empty title="Only the database is known">
        <p>Start the page with the module of this flow to compare it with your code, for example:</p>
        <CodeBlock text="pgflow ui flows.py" what="command" />
      </Empty>
    );
  }
  if (!flow.database) {
    return (
      <Empty title="The database does not know this flow yet">
        <p>Compile it there; `pgflow dev` does that by itself.</p>
        <CodeBlock text={COMPILE} what="command" />
      </Empty>
    );
  }
  if (structure.length + options.length === 0) {
    return (
      <Empty title="Code and database agree">
        <p>Same steps, dependencies, conditions and options. In the database since {moment(flow.database.created_at)}.</p>
      </Empty>
    );
  }
  return (
    <div className="pad stack">
      {structure.length > 0 && (
        <section className="stack tight">
          <h2>Structure</h2>
          <p className="soft">A flow with runs keeps its structure in production: give the new shape a new name.</p>
          <List lines={structure} />
        </section>
      )}
      {options.length > 0 && (
        <section className="stack tight">
          <h2>Options</h2>
          <p className="soft">These may change at any time; compiling applies them.</p>
          <List lines={options} />
        </section>
      )}
    </div>
  );
}

export function List({ lines }: { lines: string[] }) {
  return (
    <ul className="sentences">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
