import { useEffect, useState } from "react";

import { api } from "../../api/client";
import type { RunPage } from "../../api/types";
import { useData } from "../../api/useData";
import { useLive } from "../../app/shell";
import { withChanges, withProgress } from "./patches";

/** A run as it is now: changes show at once, and the server's figures follow. */
export function useRun(id: string) {
  const loaded = useData(`run ${id}`, (signal) => api.run(id, signal), 400);
  const log = useData(`log ${id}`, (signal) => api.log(id, signal), 1000);
  const explanation = useData(`explain ${id}`, (signal) => api.explain(id, signal), 1000);
  const waterfall = useData(`waterfall ${id}`, (signal) => api.waterfall(id, signal), 1000);
  const [page, setPage] = useState<RunPage | null>(null);
  // Counts what has happened, for those parts that read pages of their own.
  const [version, setVersion] = useState(0);

  useEffect(() => {
    if (loaded.data) setPage(loaded.data);
  }, [loaded.data]);

  const refresh = () => {
    loaded.reload();
    log.reload();
    explanation.reload();
    waterfall.reload();
    setVersion((old) => old + 1);
  };

  useLive(`run:${id}`, refresh, {
    run: ({ changes }) => {
      setPage((old) => old && withChanges(old, changes));
      refresh();
    },
    progress: (progress) => {
      setPage((old) => old && withProgress(old, progress));
      waterfall.reload();
      explanation.reload();
      loaded.reload();
      setVersion((old) => old + 1);
    },
  });

  return { page, error: loaded.error, log, explanation, waterfall, version, refresh };
}
