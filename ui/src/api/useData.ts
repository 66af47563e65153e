import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError } from "./client";

export interface Loaded<T> {
  data: T | null;
  error: ApiError | null;
  /** Asks again soon; many requests at once become one. */
  reload: () => void;
}

interface State<T> {
  key: string;
  data: T | null;
  error: ApiError | null;
}

/** Reads something from the server, again when `key` changes or somebody asks; keeps the old meanwhile.
 *  `pause` is the least time (ms) between two looks: a burst of events asks for one more, not for hundreds. */
export function useData<T>(key: string, read: (signal: AbortSignal) => Promise<T>, pause = 250): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key, data: null, error: null });
  const reader = useRef(read);
  reader.current = read;
  const again = useRef<() => void>(() => {});

  useEffect(() => {
    const controller = new AbortController();
    let busy = false;
    let asked = false;
    let timer: number | null = null;

    const load = async () => {
      busy = true;
      asked = false;
      try {
        const data = await reader.current(controller.signal);
        if (!controller.signal.aborted) setState({ key, data, error: null });
      } catch (error) {
        if (controller.signal.aborted) return;
        const known = error instanceof ApiError ? error : new ApiError(0, "unknown", String(error));
        setState((old) => ({ key, data: old.key === key ? old.data : null, error: known }));
      }
      // Whoever asks during the pause waits for its end: the first look of a burst is never late.
      timer = window.setTimeout(() => {
        busy = false;
        if (asked) void load();
      }, pause);
    };

    again.current = () => {
      if (busy) asked = true;
      else void load();
    };
    void load();
    return () => {
      controller.abort();
      if (timer !== null) window.clearTimeout(timer);
      again.current = () => {};
    };
  }, [key, pause]);

  const reload = useCallback(() => again.current(), []);
  const current = state.key === key;
  return { data: current ? state.data : null, error: current ? state.error : null, reload };
}
