import { useEffect, useRef } from "react";

import type { RunStatus, Session, StepStatus, WorkersPage } from "./types";

export interface RunChange {
  event: string;
  step_slug: string | null;
  status: string;
  at: string;
  error_message: string | null;
}

/** What the server tells as it happens, by the name of the event. */
export interface StreamEvents {
  hello: { server_time: string };
  refresh: { reason: string };
  run: { run_id: string; changes: RunChange[] };
  progress: {
    run_id: string;
    status: RunStatus;
    paused_at: string | null;
    steps: {
      slug: string;
      status: StepStatus;
      queued_tasks: number;
      started_tasks: number;
      completed_tasks: number;
      failed_tasks: number;
      attempts: number;
    }[];
  };
  runs: {
    runs: { run_id: string; flow_slug: string | null; status: RunStatus; at: string }[];
    more: number;
    counts: Record<RunStatus, number>;
  };
  workers: WorkersPage;
  code: Session;
}

export type StreamHandlers = { [Name in keyof StreamEvents]?: (data: StreamEvents[Name]) => void };

const NAMES = ["hello", "refresh", "run", "progress", "runs", "workers", "code"] as const;

const AGAIN = 2000;

export type Connection = "connecting" | "live" | "lost";

/** One stream for the page: what to watch, whom to tell, and how the connection stands. */
export function useStream(
  watch: string,
  handlers: StreamHandlers,
  onConnection: (state: Connection) => void,
): void {
  const latest = useRef({ handlers, onConnection });
  latest.current = { handlers, onConnection };

  useEffect(() => {
    let source: EventSource;
    let timer: number | null = null;

    const open = () => {
      source = new EventSource(`/api/events?watch=${encodeURIComponent(watch)}`);
      source.onopen = () => latest.current.onConnection("live");
      source.onerror = () => {
        latest.current.onConnection("lost");
        // The browser tries again by itself, except after an answer that is no stream.
        if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, AGAIN);
      };
      for (const name of NAMES) {
        source.addEventListener(name, (event) => {
          const data: unknown = JSON.parse((event as MessageEvent<string>).data);
          const handler = latest.current.handlers[name] as ((data: unknown) => void) | undefined;
          handler?.(data);
        });
      }
    };

    latest.current.onConnection("connecting");
    open();
    return () => {
      source.close();
      if (timer !== null) window.clearTimeout(timer);
    };
  }, [watch]);
}
