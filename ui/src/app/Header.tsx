import type { Connection } from "../api/stream";
import { databaseName } from "../parts/formats";
import { Icon, type Shape } from "../parts/Icon";
import { addresses, Link } from "./router";
import { useShell } from "./shell";
import { toggleTheme, useTheme } from "./theme";

const CONNECTIONS: Record<Connection, { tone: string; shape: Shape; word: string; title: string }> = {
  live: { tone: "good", shape: "dot", word: "live", title: "Changes appear by themselves" },
  connecting: { tone: "waiting", shape: "clock", word: "connecting", title: "The connection is being made" },
  lost: { tone: "bad", shape: "cross", word: "offline", title: "The server does not answer; trying again" },
};

export function Header({ path, onHelp }: { path: string; onHelp: () => void }) {
  const { session, connection } = useShell();
  const theme = useTheme();
  const state = CONNECTIONS[connection];

  return (
    <header className="header">
      <Link href={addresses.flows()} className="brand" aria-label="pgflow, all flows">
        <img src="/icon.svg" alt="" width="22" height="22" />
        <span>pgflow</span>
      </Link>
      <nav aria-label="Pages">
        <Tab href={addresses.flows()} here={path === "/" || path.startsWith("/flows")}>
          Flows
        </Tab>
        <Tab href={addresses.runs()} here={path.startsWith("/runs")}>
          Runs
        </Tab>
        <Tab href={addresses.workers()} here={path.startsWith("/workers")}>
          Workers
        </Tab>
      </nav>
      <div className="header-end">
        {session && !session.allow_actions && (
          <span className="chip" title="Start the server with --allow-actions to change things">
            read-only
          </span>
        )}
        {session && (
          <span className="database soft small mono" title={session.database}>
            {databaseName(session.database)}
          </span>
        )}
        <span className={`connection tone-${state.tone}`} title={state.title} role="status">
          <Icon shape={state.shape} /> <span className="connection-word">{state.word}</span>
        </span>
        <button
          type="button"
          className="icon-button"
          onClick={toggleTheme}
          aria-label={theme === "dark" ? "Use the light look" : "Use the dark look"}
          title={theme === "dark" ? "Light (t)" : "Dark (t)"}
        >
          <Icon shape={theme === "dark" ? "sun" : "moon"} />
        </button>
        <button type="button" className="icon-button" onClick={onHelp} aria-label="Show the keys" title="Keys (?)">
          ?
        </button>
      </div>
    </header>
  );
}

function Tab({ href, here, children }: { href: string; here: boolean; children: string }) {
  return (
    <Link href={href} className="nav-tab" aria-current={here ? "page" : undefined}>
      {children}
    </Link>
  );
}
