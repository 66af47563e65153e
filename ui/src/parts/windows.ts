const SPARE = 6;

/** The rows of a list that are in sight, and a few around them. */
export function windowOf(top: number, height: number, rowHeight: number, count: number) {
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + SPARE);
  return { first, last: Math.max(first, last) };
}
