import { useState } from "react";

import type { LogEntry } from "../../api/types";
import type { Loaded } from "../../api/useData";
import { clock, moment } from "../../parts/formats";
import { pretty } from "../../parts/json";
import { Empty, Problem } from "../../parts/Problem";
import { Sign } from "../../parts/Status";

const ACTIONS: Record<string, string> = {
  pause: "Paused",
  resume: "Resumed",
  release: "Released",
  edit: "Output edited",
  cancel: "Cancelled",
  retry: "Retried",
  rerun: "Run again",
};

function words(entry: LogEntry): { sign: string; text: string } {
  const [what = "", name = ""] = entry.kind.split(":");
  if (what === "action") return { sign: name === "cancel" ? "cancelled" : "paused", text: ACTIONS[name] ?? name };
  if (what === "run") return { sign: name, text: name === "started" ? "Run started" : `Run ${name}` };
  if (what === "task") return { sign: "failed", text: "Attempt failed" };
  return { sign: name, text: name === "started" ? "Started" : name[0]?.toUpperCase() + name.slice(1) };
}

export function Log({
  loaded,
  onSelect,
}: {
  loaded: Loaded<{ entries: LogEntry[]; is_whole: boolean }>;
  onSelect: (slug: string) => void;
}) {
  const [text, setText] = useState("");
  if (loaded.error && !loaded.data) return <Problem error={loaded.error} again={loaded.reload} />;
  if (!loaded.data) return <p className="loading">Loading the log …</p>;
  const { entries, is_whole } = loaded.data;
  const sought = text.toLowerCase();
  const shown = entries.filter((entry) =>
    `${entry.kind} ${entry.step_slug ?? ""} ${entry.message ?? ""} ${words(entry).text}`.toLowerCase().includes(sought),
  );

  return (
    <div className="log">
      <div className="log-find">
        <input
          className="input"
          type="search"
          placeholder="Find in the log"
          aria-label="Find in the log"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {shown.length === 0 && <Empty title={entries.length ? "No entry has this text" : "Nothing has happened yet"} />}
      <ol>
        {shown.map((entry, i) => (
          <Entry key={i} entry={entry} onSelect={onSelect} />
        ))}
      </ol>
      {!is_whole && <p className="soft small pad">Only the first 500 entries are shown.</p>}
    </div>
  );
}

function Entry({ entry, onSelect }: { entry: LogEntry; onSelect: (slug: string) => void }) {
  const { sign, text } = words(entry);
  return (
    <li className="log-entry">
      <time className="mono small soft" dateTime={entry.at} title={moment(entry.at)}>
        {clock(entry.at)}
      </time>
      <Sign status={sign} />
      <div>
        <p>
          {text}
          {entry.step_slug && (
            <button type="button" className="quiet mono" onClick={() => onSelect(entry.step_slug!)}>
              {entry.step_slug}
              {entry.task_index !== null && ` #${entry.task_index}`}
            </button>
          )}
          {entry.by && <span className="soft small"> by {entry.by}</span>}
        </p>
        {entry.message && <p className="mono small log-message">{entry.message}</p>}
        {entry.detail && (
          <details>
            <summary className="small">Details</summary>
            <pre className="code">{pretty(entry.detail.preview)}</pre>
          </details>
        )}
      </div>
    </li>
  );
}
