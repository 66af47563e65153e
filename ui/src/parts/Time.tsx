import { useEffect, useState } from "react";

import { ago, duration, moment } from "./formats";

/** The time, again every so often while `running`. */
export function useNow(every: number, running = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = window.setInterval(() => setNow(Date.now()), every);
    return () => window.clearInterval(timer);
  }, [every, running]);
  return now;
}

export function Ago({ at }: { at: string }) {
  const now = useNow(10_000);
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at, now)}
    </time>
  );
}

/** How long something took, or has taken till now. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  const now = useNow(100, to === null);
  const end = to === null ? now : Date.parse(to);
  return <span className="figures">{duration(Math.max(0, (end - Date.parse(from)) / 1000))}</span>;
}
