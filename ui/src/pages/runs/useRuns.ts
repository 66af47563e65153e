import { useEffect, useRef, useState } from "react";

import { type ApiError, api } from "../../api/client";
import type { RunFilter, RunList, RunStatus, RunSummary } from "../../api/types";
import { useData } from "../../api/useData";
import { useLive } from "../../app/shell";

interface Tail {
  key: string;
  runs: RunSummary[];
  next: string | null;
  searched: string | null;
}

/** The newest runs, live, and those that were asked for after them. */
export function useRuns(key: string, filterNow: () => RunFilter) {
  // Thousands may end in a second: the list is looked at again once a second at most.
  const first = useData<RunList>(`runs ${key}`, (signal) => api.runs(filterNow(), null, signal), 1000);
  const [tail, setTail] = useState<Tail | null>(null);
  const [busy, setBusy] = useState(false);
  const [moreError, setMoreError] = useState<ApiError | null>(null);
  const [statuses, setStatuses] = useState<ReadonlyMap<string, RunStatus>>(new Map());
  const [rate, setRate] = useState(0);
  const current = useRef(key);
  current.current = key;
  const mine = tail?.key === key ? tail : null;
  const perSecond = useRate(setRate);

  useEffect(() => setStatuses(new Map()), [first.data]);

  useLive("runs", first.reload, {
    runs: ({ runs, counts }) => {
      perSecond(counts.completed + counts.failed + counts.cancelled);
      setStatuses((old) => new Map([...old, ...runs.map((run) => [run.run_id, run.status] as const)]));
      first.reload();
    },
  });

  const next = mine ? mine.next : (first.data?.next ?? null);
  const more = async () => {
    if (!next || busy) return;
    setBusy(true);
    setMoreError(null);
    try {
      const page = await api.runs(filterNow(), next);
      if (current.current !== key) return;
      // The first page moves on while people read; what it held when they asked for more stays with them.
      const before = mine?.runs ?? first.data?.runs ?? [];
      setTail({ key, runs: [...before, ...page.runs], next: page.next, searched: page.searched_to });
    } catch (error) {
      setMoreError(error as ApiError);
    } finally {
      setBusy(false);
    }
  };

  const runs = together(first.data?.runs ?? [], mine?.runs ?? []).map((run) => {
    const status = statuses.get(run.run_id);
    return status && status !== run.status ? { ...run, status } : run;
  });
  const searched = mine ? mine.searched : (first.data?.searched_to ?? null);
  return { runs, isLoaded: first.data !== null, error: first.error ?? moreError, next, searched, busy, more, rate, reload: first.reload };
}

/** Both lists, newest first, each run once and as it was read last. */
export function together(head: readonly RunSummary[], tail: readonly RunSummary[]): RunSummary[] {
  const known = new Set(head.map((run) => run.run_id));
  return [...head, ...tail.filter((run) => !known.has(run.run_id))];
}

/** Runs ended in a second, over the last few. */
function useRate(tell: (rate: number) => void) {
  const ended = useRef<{ at: number; runs: number }[]>([]);
  useEffect(() => {
    const timer = window.setInterval(() => {
      const since = Date.now() - 3000;
      ended.current = ended.current.filter((entry) => entry.at > since);
      tell(ended.current.reduce((sum, entry) => sum + entry.runs, 0) / 3);
    }, 1000);
    return () => window.clearInterval(timer);
  }, [tell]);
  return (runs: number) => ended.current.push({ at: Date.now(), runs });
}
