import { useState } from "react";

import type { Difference, EditCheck } from "../../../api/types";
import { CodeBlock } from "../../../parts/CodeBlock";
import { plural } from "../../../parts/formats";
import { Icon } from "../../../parts/Icon";
import { Tabs } from "../../../parts/Tabs";
import { List } from "../Differences";

/** What the drawn flow would change, and how it reads as SQL and as Python. */
export function Changes({
  check,
  hasCode,
  onSelect,
}: {
  check: EditCheck;
  hasCode: boolean;
  onSelect: (slug: string) => void;
}) {
  const [tab, setTab] = useState("changes");
  const isWrong = check.errors.length > 0;
  return (
    <div className="card">
      <Tabs
        label="What this changes"
        items={[
          { name: "changes", label: isWrong ? plural(check.errors.length, "mistake") : "What changes" },
          { name: "sql", label: "SQL" },
          { name: "python", label: "Python" },
        ]}
        current={tab}
        onPick={setTab}
      >
        <div className="pad stack">
          {isWrong && <Errors check={check} onSelect={onSelect} />}
          {!isWrong && tab === "changes" && <Both check={check} hasCode={hasCode} />}
          {!isWrong && tab === "sql" && <CodeBlock text={check.sql.join("\n")} what="SQL" />}
          {!isWrong && tab === "python" && (
            <>
              <p className="soft">The same flow in Python. Nothing writes your files: copy it, and fill in the handlers.</p>
              <CodeBlock text={check.python} what="Python" isProgram />
            </>
          )}
        </div>
      </Tabs>
    </div>
  );
}

function Errors({ check, onSelect }: { check: EditCheck; onSelect: (slug: string) => void }) {
  return (
    <ul className="stack tight" role="alert">
      {check.errors.map(({ step, message }) => (
        <li key={`${step} ${message}`} className="sentence tone-bad">
          <Icon shape="cross" className="sign tone-bad" />{" "}
          {step && (
            <button type="button" className="quiet mono edit-error" onClick={() => onSelect(step)}>
              {step}
            </button>
          )}{" "}
          {message}
        </li>
      ))}
    </ul>
  );
}

function Both({ check, hasCode }: { check: EditCheck; hasCode: boolean }) {
  return (
    <>
      <Side title="Against the database" difference={check.from_database} none="The database does not have this flow." />
      {hasCode && <Side title="Against your code" difference={check.from_code} none="The code does not have this flow." />}
      {check.apply.message && <p className="sentence tone-aside">{sentence(check.apply.message)}</p>}
      {check.checksum && (
        <p className="soft small">
          Checksum of the structure: <code>{check.checksum.slice(0, 16)}</code>
        </p>
      )}
    </>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Side({ title, difference, none }: { title: string; difference: Difference | null; none: string }) {
  const lines = difference ? [...difference.structure, ...difference.options] : [];
  return (
    <section className="stack tight">
      <h3>{title}</h3>
      {!difference && <p className="soft">{none}</p>}
      {difference && lines.length === 0 && <p className="soft">No difference.</p>}
      {lines.length > 0 && <List lines={lines} />}
    </section>
  );
}
