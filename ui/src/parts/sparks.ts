import type { History } from "../api/types";

export interface Column {
  good: number;
  other: number;
  bad: number;
}

// A single failure among thousands must still be seen.
const LEAST = 2;

/** Heights of the columns, without the part of the hour that is not known. */
export function columns(history: History, height: number): Column[] {
  const hidden = Math.ceil(
    (Date.parse(history.covered_from) - Date.parse(history.start)) / 1000 / history.bucket_seconds,
  );
  const from = Math.max(0, hidden);
  const totals = history.completed.map((good, i) => good + (history.failed[i] ?? 0) + (history.other[i] ?? 0));
  const scale = (height - 2 * LEAST) / Math.max(1, ...totals.slice(from));
  const tall = (value: number) => (value > 0 ? Math.max(LEAST, value * scale) : 0);
  return history.completed.slice(from).map((good, i) => ({
    good: tall(good),
    other: tall(history.other[from + i] ?? 0),
    bad: tall(history.failed[from + i] ?? 0),
  }));
}
