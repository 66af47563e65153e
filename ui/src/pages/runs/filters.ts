import type { RunFilter } from "../../api/types";

export const STATUSES = ["started", "paused", "completed", "failed", "cancelled"] as const;

/** Times that people ask for; the address keeps the name, so that a link means "the last hour" of its reader. */
export const PERIODS: Record<string, { label: string; seconds: number }> = {
  "15m": { label: "last 15 minutes", seconds: 900 },
  "1h": { label: "last hour", seconds: 3600 },
  "24h": { label: "last 24 hours", seconds: 86_400 },
  "7d": { label: "last 7 days", seconds: 604_800 },
};

/** The filter that an address asks for. */
export function filterOf(query: URLSearchParams, now: number): RunFilter {
  const period = PERIODS[query.get("period") ?? ""];
  return {
    flow: query.get("flow"),
    status: (query.get("status") ?? "").split(",").filter((name) => (STATUSES as readonly string[]).includes(name)),
    since: period ? new Date(now - period.seconds * 1000).toISOString() : asIso(query.get("since")),
    until: period ? null : asIso(query.get("until")),
    text: query.get("text"),
  };
}

function asIso(text: string | null): string | null {
  const at = text ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

export function isFiltered(filter: RunFilter): boolean {
  return Boolean(filter.flow || filter.status.length || filter.since || filter.until || filter.text);
}

/** A status switched on or off in a list. */
export function toggled(list: readonly string[], name: string): string {
  const next = list.includes(name) ? list.filter((other) => other !== name) : [...list, name];
  return next.join(",");
}
