import type { Sync } from "../api/types";

const LOOKS: Record<Sync, { tone: string; sign: string; word: string; title: string }> = {
  in_sync: { tone: "good", sign: "✓", word: "in sync", title: "The code and the database have the same flow" },
  options_differ: { tone: "aside", sign: "≈", word: "options differ", title: "The shape is the same; attempts, delays or timeouts differ" },
  structure_differs: { tone: "bad", sign: "≠", word: "structure differs", title: "Steps, dependencies or conditions differ" },
  only_in_code: { tone: "aside", sign: "+", word: "only in code", title: "The database does not know this flow yet: compile it" },
  only_in_database: { tone: "waiting", sign: "–", word: "only in database", title: "The loaded code does not have this flow" },
};

/** How the flow in the code and the flow in the database agree. */
export function SyncBadge({ sync }: { sync: Sync }) {
  const { tone, sign, word, title } = LOOKS[sync];
  return (
    <span className={`status tone-${tone}`} title={title}>
      <span className="sign-text" aria-hidden="true">
        {sign}
      </span>
      {word}
    </span>
  );
}
