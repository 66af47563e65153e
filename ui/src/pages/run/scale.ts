/** Round distances for the marks of a time axis, in seconds. */
const STEPS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 43_200, 86_400,
];

/** Where the axis has marks: at most `most`, at round times, from zero. */
export function ticks(seconds: number, most = 6): number[] {
  const step = STEPS.find((candidate) => seconds / candidate <= most) ?? Math.ceil(seconds / most / 86_400) * 86_400;
  const found: number[] = [];
  for (let i = 0; i * step <= seconds * 1.0001; i++) found.push(Number((i * step).toFixed(6)));
  return found;
}

export interface Span {
  left: number;
  width: number;
}

/** A stretch of time as percentages of the axis, never outside of it. */
export function span(from: number, to: number, start: number, end: number): Span {
  const whole = Math.max(1, end - start);
  const left = Math.min(100, Math.max(0, ((from - start) / whole) * 100));
  const right = Math.min(100, Math.max(left, ((to - start) / whole) * 100));
  return { left, width: right - left };
}
