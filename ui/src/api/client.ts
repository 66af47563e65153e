import type {
  EditCheck,
  Explanation,
  FlowDetail,
  FlowSummary,
  Json,
  LogEntry,
  RecentInput,
  RunFilter,
  RunList,
  RunPage,
  RunSummary,
  Session,
  Shape,
  TaskPage,
  Waterfall,
  WorkersPage,
} from "./types";

/** What the server refused, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly differences: string[] = [],
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | null | undefined>;

function address(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `/api${path}?${text}` : `/api${path}`;
}

async function answer(response: Response): Promise<unknown> {
  if (response.ok) return response.json();
  const body = await response.json().catch(() => null);
  const error = (body as { error?: { code?: string; message?: string; differences?: string[] } } | null)?.error;
  throw new ApiError(
    response.status,
    error?.code ?? "unknown",
    error?.message ?? `The server answered with ${response.status}. Is it still running?`,
    error?.differences,
  );
}

async function send(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server does not answer. Is pgflow still running?");
  }
  return answer(response);
}

async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await send(address(path, query), signal ? { signal } : {})) as T;
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json" };
  return (await send(address(path), { method: "POST", headers, body: JSON.stringify(body) })) as T;
}

function filterQuery(filter: RunFilter): Query {
  return { ...filter, status: filter.status.join(",") };
}

function filterBody(filter: RunFilter) {
  return { filter: { ...filter, status: filter.status.length ? filter.status : null } };
}

export interface BulkAnswer {
  changed: number;
  failed: { run_id: string; message: string }[];
  more: boolean;
}

export const api = {
  session: (signal?: AbortSignal) => get<Session>("/session", {}, signal),
  flows: (signal?: AbortSignal) => get<{ flows: FlowSummary[] }>("/flows", {}, signal),
  flow: (slug: string, signal?: AbortSignal) => get<FlowDetail>(`/flows/${encodeURIComponent(slug)}`, {}, signal),
  inputs: (slug: string, signal?: AbortSignal) =>
    get<{ inputs: RecentInput[] }>(`/flows/${slug}/inputs`, { limit: 20 }, signal),
  start: (slug: string, input: Json, paused: boolean) =>
    post<{ run: RunSummary }>(`/flows/${slug}/runs`, { input, paused }),
  checkEdit: (slug: string, shape: Shape) => post<EditCheck>(`/flows/${slug}/edit/check`, { shape }),
  applyEdit: (slug: string, shape: Shape, acceptLoss: boolean) =>
    post<{ flow_slug: string; action: string; differences: string[] }>(`/flows/${slug}/edit/apply`, {
      shape,
      accept_loss: acceptLoss,
    }),
  runs: (filter: RunFilter, cursor: string | null, signal?: AbortSignal, limit = 50) =>
    get<RunList>("/runs", { ...filterQuery(filter), cursor, limit }, signal),
  bulk: (action: "cancel" | "retry", target: { run_ids: string[] } | RunFilter) =>
    post<BulkAnswer>(`/runs/${action}`, "run_ids" in target ? target : filterBody(target)),
  run: (id: string, signal?: AbortSignal) => get<RunPage>(`/runs/${id}`, {}, signal),
  tasks: (id: string, step: string, status: string | null, after: number, signal?: AbortSignal) =>
    get<TaskPage>(`/runs/${id}/tasks`, { step, status, after, limit: 100 }, signal),
  payload: (id: string, kind: "input" | "output", step?: string, task?: number) =>
    get<Json>(`/runs/${id}/payload`, { kind, step, task }),
  waterfall: (id: string, signal?: AbortSignal) => get<Waterfall>(`/runs/${id}/waterfall`, {}, signal),
  log: (id: string, signal?: AbortSignal) =>
    get<{ entries: LogEntry[]; is_whole: boolean }>(`/runs/${id}/log`, {}, signal),
  explain: (id: string, signal?: AbortSignal) => get<Explanation>(`/runs/${id}/explain`, {}, signal),
  act: (id: string, action: "cancel" | "retry" | "pause" | "resume") =>
    post<{ run: RunSummary }>(`/runs/${id}/${action}`, {}),
  release: (id: string, step: string | null) =>
    post<{ run: RunSummary; released: string | null }>(`/runs/${id}/release`, { step }),
  editOutput: (id: string, step: string, output: Json) =>
    post<{ run: RunSummary }>(`/runs/${id}/edit`, { step, output }),
  rerun: (id: string, body: { step: string | null; input?: Json; paused: boolean }) =>
    post<{ run: RunSummary }>(`/runs/${id}/rerun`, body),
  workers: (signal?: AbortSignal) => get<WorkersPage>("/workers", {}, signal),
  drain: (ids: string[]) => post<{ drained: string[] }>("/workers/drain", { worker_ids: ids }),
};
