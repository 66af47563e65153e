import { useCallback, useEffect, useState } from "react";

import { ApiError, api } from "../../../api/client";
import type { EditCheck, Shape } from "../../../api/types";

const PAUSE = 200;
const REMEMBERED = 100;

/** A shape under change: what it was before, and what the server says of it. */
export function useDraft(slug: string, start: Shape) {
  const [history, setHistory] = useState<Shape[]>([start]);
  const [check, setCheck] = useState<EditCheck | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [again, setAgain] = useState(0);
  const shape = history.at(-1) ?? start;

  useEffect(() => {
    let isCurrent = true;
    const timer = window.setTimeout(() => {
      api
        .checkEdit(slug, shape)
        .then((found) => {
          if (!isCurrent) return;
          setCheck(found);
          setError(null);
        })
        .catch((reason: ApiError) => isCurrent && setError(reason));
    }, PAUSE);
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [slug, shape, again]);

  const change = useCallback(
    (edit: (shape: Shape) => Shape) =>
      setHistory((old) => {
        const last = old.at(-1);
        const next = last && edit(last);
        return !next || next === last ? old : [...old.slice(-REMEMBERED), next];
      }),
    [],
  );
  const undo = useCallback(() => setHistory((old) => (old.length > 1 ? old.slice(0, -1) : old)), []);
  const recheck = useCallback(() => setAgain((old) => old + 1), []);
  return { shape, change, undo, canUndo: history.length > 1, check, error, recheck };
}
