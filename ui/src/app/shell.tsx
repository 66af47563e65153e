import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";

import { ApiError, api } from "../api/client";
import type { Connection } from "../api/stream";
import { type StreamHandlers, useStream } from "../api/stream";
import type { Session } from "../api/types";
import { useData } from "../api/useData";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";

export interface Question {
  title: string;
  text: ReactNode;
  action: string;
  danger?: boolean;
}

interface Notice {
  id: number;
  text: string;
  tone: "good" | "bad";
}

/** What every page shares: the session, the connection, questions and notices. */
interface Shell {
  session: Session | null;
  sessionError: ApiError | null;
  connection: Connection;
  canAct: boolean;
  setSession: (session: Session) => void;
  setConnection: (connection: Connection) => void;
  ask: (question: Question) => Promise<boolean>;
  say: (text: string, tone?: "good" | "bad") => void;
  /** Runs something that may be refused, and shows the refusal; false when it was. */
  attempt: (work: () => Promise<unknown>) => Promise<boolean>;
}

const ShellContext = createContext<Shell | null>(null);

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error("useShell stands outside of ShellProvider");
  return shell;
}

/** The one stream of a page; `refresh` runs whenever something may have been missed. */
export function useLive(watch: string, refresh: () => void, handlers: StreamHandlers = {}): void {
  const { setSession, setConnection } = useShell();
  const all: StreamHandlers = { hello: refresh, refresh, ...handlers };
  all.code = (session) => {
    setSession(session);
    handlers.code?.(session);
  };
  useStream(watch, all, setConnection);
}

export function ShellProvider({ children }: { children: ReactNode }) {
  const loaded = useData("session", api.session);
  const [session, setSession] = useState<Session | null>(null);
  const [connection, setConnection] = useState<Connection>("connecting");
  const { reload } = loaded;

  useEffect(() => {
    if (loaded.data) setSession(loaded.data);
  }, [loaded.data]);

  // A server that was started again may have other code, another worker, another key.
  const hear = useCallback(
    (state: Connection) => {
      setConnection(state);
      if (state !== "connecting") reload();
    },
    [reload],
  );

  const { ask, dialog } = useQuestion();
  const { say, notices } = useNotices();

  const attempt = useCallback(
    async (work: () => Promise<unknown>) => {
      try {
        await work();
        return true;
      } catch (error) {
        say(error instanceof Error ? error.message : String(error), "bad");
        return false;
      }
    },
    [say],
  );

  const sessionError = loaded.error;
  const shell = useMemo<Shell>(
    () => ({
      session,
      sessionError,
      connection,
      canAct: session?.allow_actions ?? false,
      setSession,
      setConnection: hear,
      ask,
      say,
      attempt,
    }),
    [session, sessionError, connection, hear, ask, say, attempt],
  );

  return (
    <ShellContext value={shell}>
      {children}
      {dialog}
      {notices}
    </ShellContext>
  );
}

function useQuestion() {
  const [question, setQuestion] = useState<Question | null>(null);
  const answer = useRef<(yes: boolean) => void>(() => {});

  const ask = useCallback((asked: Question) => {
    setQuestion(asked);
    return new Promise<boolean>((resolve) => {
      answer.current = resolve;
    });
  }, []);

  const close = (yes: boolean) => {
    setQuestion(null);
    answer.current(yes);
  };

  const dialog = question && (
    <Dialog title={question.title} onClose={() => close(false)}>
      <div className="dialog-text">{question.text}</div>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => close(false)}>
          Keep as it is
        </button>
        <button
          type="button"
          className={`button ${question.danger ? "danger" : "primary"}`}
          onClick={() => close(true)}
        >
          {question.action}
        </button>
      </div>
    </Dialog>
  );
  return { ask, dialog };
}

const SHOWN = { good: 4000, bad: 12_000 };

function useNotices() {
  const [list, setList] = useState<Notice[]>([]);
  const last = useRef(0);
  const drop = useCallback((id: number) => setList((old) => old.filter((notice) => notice.id !== id)), []);

  const say = useCallback(
    (text: string, tone: "good" | "bad" = "good") => {
      last.current += 1;
      const id = last.current;
      setList((old) => [...old.slice(-2), { id, text, tone }]);
      window.setTimeout(() => drop(id), SHOWN[tone]);
    },
    [drop],
  );

  const notices = (
    <div className="notices" role="status" aria-live="polite">
      {list.map((notice) => (
        <div key={notice.id} className={`notice tone-${notice.tone}`}>
          <Icon shape={notice.tone === "bad" ? "cross" : "check"} />
          <p>{notice.text}</p>
          <button type="button" className="quiet" aria-label="Close this message" onClick={() => drop(notice.id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
  return { say, notices };
}
