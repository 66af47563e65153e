// What the server's JSON looks like; its OpenAPI document at /api/openapi.json says the same.

export type RunStatus = "started" | "completed" | "failed" | "cancelled";
export type StepStatus = "created" | "started" | "completed" | "failed" | "skipped" | "cancelled";
export type TaskStatus = "queued" | "started" | "completed" | "failed" | "skipped" | "cancelled";
export type Sync =
  | "in_sync"
  | "options_differ"
  | "structure_differs"
  | "only_in_code"
  | "only_in_database";
export type StepType = "single" | "map";
export type Mode = "fail" | "skip" | "skip-cascade";
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A value of the user's as text, cut when it is big: then `is_whole` is false. */
export interface Payload {
  preview: string;
  bytes: number;
  is_whole: boolean;
}

export interface Session {
  version: string;
  database: string;
  allow_actions: boolean;
  is_development: boolean;
  server_time: string;
  code: null | { names: string[]; loaded_at: string; error: null | { message: string; since: string } };
  worker: null | {
    state: "running" | "starting" | "restarting" | "stopped";
    pid: number | null;
    restarts: number;
    message: string | null;
  };
}

export type Counts = Record<RunStatus, number>;

export interface History {
  bucket_seconds: number;
  start: string;
  covered_from: string;
  completed: number[];
  failed: number[];
  other: number[];
}

export interface FlowSummary {
  slug: string;
  sync: Sync;
  differences: string[];
  steps: number;
  workers: number;
  last_run_at: string | null;
  counts: Counts;
  counts_since: string;
  history: History;
}

export interface FlowOptions {
  max_attempts: number | null;
  base_delay: number | null;
  timeout: number | null;
}

export interface StepOptions extends FlowOptions {
  start_delay: number | null;
}

export interface Handler {
  name: string;
  module: string;
  file: string | null;
  line: number | null;
  code: string | null;
  is_async: boolean;
  doc: string | null;
  parameters: { name: string; type: string; source: string }[];
  returns: string;
}

export interface FlowStep {
  slug: string;
  step_type: StepType;
  dependencies: string[];
  when: Json;
  unless: Json;
  when_unmet: Mode | null;
  when_exhausted: Mode | null;
  options: StepOptions;
  effective: { max_attempts: number; base_delay: number; timeout: number; start_delay: number };
  handler: Handler | null;
}

export interface ShapeStep {
  slug: string;
  step_type: StepType;
  dependencies: string[];
  when: Json;
  unless: Json;
  when_unmet: Mode | null;
  when_exhausted: Mode | null;
  options: StepOptions;
}

export interface Shape {
  options: FlowOptions;
  steps: ShapeStep[];
}

export interface Difference {
  structure: string[];
  options: string[];
}

export interface FlowDetail {
  slug: string;
  sync: Sync;
  differences: Difference;
  workers: number;
  counts: Counts;
  counts_since: string;
  history: History;
  code: null | {
    source: { name: string; file: string };
    shape: Shape;
    checksum: string;
    sql: string[];
    input_schema: JsonSchema | null;
  };
  database: null | { shape: Shape; checksum: string; sql: string[]; created_at: string };
  steps: FlowStep[];
}

export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  title?: string;
  description?: string;
  type?: string | string[];
  format?: string;
  enum?: Json[];
  const?: Json;
  default?: Json;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  additionalProperties?: boolean | JsonSchema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  prefixItems?: JsonSchema[];
  allOf?: JsonSchema[];
}

export interface RecentInput {
  run_id: string;
  started_at: string;
  status: RunStatus;
  input: Payload;
}

export interface RunSummary {
  run_id: string;
  flow_slug: string;
  status: RunStatus;
  paused_at: string | null;
  started_at: string;
  ended_at: string | null;
  seconds: number;
  steps_total: number;
  steps_open: number;
  error_message: string | null;
  input: Payload;
}

export interface RunDetail extends RunSummary {
  output: Payload | null;
  remaining_steps: number;
  rerun_of: null | { run_id: string; step: string };
}

export interface RunStep {
  slug: string;
  step_index: number;
  step_type: StepType;
  dependencies: string[];
  status: StepStatus;
  is_ready: boolean;
  can_edit_output: boolean;
  tasks: number | null;
  queued_tasks: number;
  started_tasks: number;
  completed_tasks: number;
  failed_tasks: number;
  attempts: number;
  max_attempts: number;
  error_message: string | null;
  skip_reason: string | null;
  created_at: string;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  output: Payload | null;
}

export type RunAction = "cancel" | "retry" | "pause" | "resume" | "release" | "rerun";

export interface RunPage {
  run: RunDetail;
  steps: RunStep[];
  actions: RunAction[];
}

export interface RunList {
  runs: RunSummary[];
  next: string | null;
  searched_to: string | null;
}

export interface RunFilter {
  flow: string | null;
  status: string[];
  since: string | null;
  until: string | null;
  text: string | null;
}

export interface Task {
  step_slug: string;
  task_index: number;
  status: TaskStatus;
  attempts: number;
  max_attempts: number;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  lease_expires_at: string | null;
  wait_seconds: number | null;
  run_seconds: number | null;
  worker_id: string | null;
  worker_name: string | null;
  requeued_count: number;
  error_message: string | null;
  input: Payload | null;
  output: Payload | null;
}

export interface TaskPage {
  tasks: Task[];
  next: number | null;
  counts: Record<TaskStatus, number>;
}

export interface Bar {
  task_index: number;
  attempts: number;
  status: TaskStatus;
  queued_at: string;
  started_at: string | null;
  ended_at: string | null;
  worker_id: string | null;
}

export interface WaterfallRow {
  step_slug: string;
  step_type: StepType;
  status: StepStatus;
  start: string | null;
  end: string | null;
  tasks: number;
  shown: number;
  bars: Bar[];
}

export interface Waterfall {
  start: string;
  end: string;
  rows: WaterfallRow[];
}

export interface LogEntry {
  at: string;
  kind: string;
  step_slug: string | null;
  task_index: number | null;
  message: string | null;
  by: string | null;
  detail: Payload | null;
}

export interface Reason {
  step_slug: string;
  situation: string;
  sentence: string;
  tasks: number | null;
  since: string | null;
  due_at: string | null;
  worker_id: string | null;
  attempt: number | null;
  max_attempts: number | null;
  waits_for: string[];
}

export interface Explanation {
  ending: string | null;
  reasons: Reason[];
}

export interface HeldTask {
  run_id: string;
  flow_slug: string;
  step_slug: string;
  task_index: number;
  attempt: number;
  since: string;
}

export interface WorkerSummary {
  worker_id: string;
  name: string;
  state: "alive" | "draining" | "silent" | "dead" | "stopped";
  flow_slugs: string[];
  started_at: string;
  last_heartbeat_at: string;
  deprecated_at: string | null;
  stopped_at: string | null;
  held_tasks: number;
  held: HeldTask[];
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

export interface QueueSummary {
  flow_slug: string;
  queue_name: string;
  due: number;
  hidden: number;
  oldest_seconds: number | null;
  workers: number;
  runs_per_second: number;
  task_wait_seconds: Percentiles | null;
  task_run_seconds: Percentiles | null;
  run_seconds: Percentiles | null;
  sample_runs: number;
}

export interface WorkersPage {
  workers: WorkerSummary[];
  queues: QueueSummary[];
}

export interface EditCheck {
  errors: { step: string | null; message: string }[];
  from_code: Difference | null;
  from_database: Difference | null;
  checksum: string | null;
  sql: string[];
  python: string;
  apply: {
    action: "nothing" | "create" | "update" | "recreate" | "refuse";
    message: string | null;
    runs: number;
    unfinished: number;
  };
}
