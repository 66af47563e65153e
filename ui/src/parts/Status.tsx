import { Icon, type Shape } from "./Icon";
import "./status.css";

/** Statuses by what they mean to a reader; each has a shape of its own beside its colour. */
const LOOKS: Record<string, { tone: string; shape: Shape; word: string }> = {
  created: { tone: "waiting", shape: "ring", word: "waiting" },
  queued: { tone: "waiting", shape: "clock", word: "queued" },
  started: { tone: "active", shape: "dot", word: "running" },
  paused: { tone: "aside", shape: "pause", word: "paused" },
  completed: { tone: "good", shape: "check", word: "completed" },
  failed: { tone: "bad", shape: "cross", word: "failed" },
  cancelled: { tone: "aside", shape: "barred", word: "cancelled" },
  skipped: { tone: "aside", shape: "skip", word: "skipped" },
  alive: { tone: "good", shape: "dot", word: "alive" },
  draining: { tone: "aside", shape: "half", word: "draining" },
  silent: { tone: "aside", shape: "question", word: "silent" },
  dead: { tone: "bad", shape: "cross", word: "dead" },
  stopped: { tone: "waiting", shape: "square", word: "stopped" },
};

const UNKNOWN = { tone: "waiting", shape: "question", word: "unknown" } as const;

export function look(status: string) {
  return LOOKS[status] ?? UNKNOWN;
}

export function Sign({ status }: { status: string }) {
  const { tone, shape } = look(status);
  return <Icon shape={shape} className={`sign tone-${tone}`} />;
}

export function Status({ status, word }: { status: string; word?: string }) {
  const found = look(status);
  return (
    <span className={`status tone-${found.tone}`}>
      <Sign status={status} />
      {word ?? found.word}
    </span>
  );
}
