create schema if not exists pgflow;

comment on schema pgflow is 'pgflow: workflow definitions, runs and their state';

-- What is installed here: one row per migration, and one for the bundle of functions and views.
create table if not exists pgflow.migrations (
  number int primary key,
  name text not null unique,
  sha256 text not null,
  breaking boolean not null default false,
  applied_at timestamptz not null default now()
);

create table if not exists pgflow.installation (
  only_row boolean primary key default true constraint one_installation check (only_row),
  engine_version text not null,
  functions_sha256 text not null,
  pgmq_version text,
  installed_at timestamptz not null default now()
);
-- Helpers that table constraints and defaults call. They are part of the schema's state: a change
-- to one of them is a migration, because stored rows were judged by it.

-- True for a usable flow or step slug: 1 to 128 letters, digits and underscores that do not begin
-- with a digit or an underscore, and not the reserved word "run".
create or replace function pgflow.is_valid_slug(slug text) returns boolean
language sql immutable parallel safe
as $$
  select slug is not null
    and slug ~ '^[a-zA-Z][a-zA-Z0-9_]{0,127}$'
    and slug <> 'run'
$$;

-- A time-ordered uuid (version 7): rows of one run, and of runs started together, lie close to each
-- other on disk, which keeps throughput flat while history grows.
create or replace function pgflow.new_run_id() returns uuid
language sql volatile parallel safe
set search_path to ''
as $$
  select encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(
            int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3
          )
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$;
-- Definitions: the shape of each flow. Rows are written once, when a flow is compiled; only the
-- runtime options (opt_*) may change afterwards.

create table pgflow.flows (
  flow_slug text primary key
    constraint slug_is_valid check (pgflow.is_valid_slug(flow_slug)),
  opt_max_attempts int not null default 3
    constraint opt_max_attempts_is_nonnegative check (opt_max_attempts >= 0),
  opt_base_delay int not null default 5
    constraint opt_base_delay_is_nonnegative check (opt_base_delay >= 0),
  opt_timeout int not null default 60
    constraint opt_timeout_is_positive check (opt_timeout > 0),
  created_at timestamptz not null default now()
);

-- A null option is inherited from the flow; a null start delay is none.
create table pgflow.steps (
  flow_slug text not null references pgflow.flows (flow_slug),
  step_slug text not null check (pgflow.is_valid_slug(step_slug)),
  step_type text not null default 'single' check (step_type in ('single', 'map')),
  step_index int not null default 0,
  deps_count int not null default 0 check (deps_count >= 0),
  -- a single step with a map among its dependents must return an array
  feeds_map boolean not null default false,
  opt_max_attempts int
    constraint opt_max_attempts_is_nonnegative check (opt_max_attempts >= 0),
  opt_base_delay int
    constraint opt_base_delay_is_nonnegative check (opt_base_delay >= 0),
  opt_timeout int
    constraint opt_timeout_is_positive check (opt_timeout > 0),
  opt_start_delay int
    constraint opt_start_delay_is_nonnegative check (opt_start_delay >= 0),
  required_input_pattern jsonb
    constraint required_input_pattern_is_object
    check (jsonb_typeof(required_input_pattern) = 'object'),
  forbidden_input_pattern jsonb
    constraint forbidden_input_pattern_is_object
    check (jsonb_typeof(forbidden_input_pattern) = 'object'),
  when_unmet text not null default 'skip'
    constraint when_unmet_is_valid check (when_unmet in ('fail', 'skip', 'skip-cascade')),
  when_exhausted text not null default 'fail'
    constraint when_exhausted_is_valid check (when_exhausted in ('fail', 'skip', 'skip-cascade')),
  created_at timestamptz not null default now(),
  primary key (flow_slug, step_slug),
  unique (flow_slug, step_index)
);

create table pgflow.deps (
  flow_slug text not null references pgflow.flows (flow_slug),
  dep_slug text not null,
  step_slug text not null,
  created_at timestamptz not null default now(),
  primary key (flow_slug, dep_slug, step_slug),
  foreign key (flow_slug, dep_slug) references pgflow.steps (flow_slug, step_slug),
  foreign key (flow_slug, step_slug) references pgflow.steps (flow_slug, step_slug),
  check (dep_slug <> step_slug)
);

create index deps_by_step on pgflow.deps (flow_slug, step_slug);
-- Processes that work. A row is a worker that lives or has lived; nothing else depends on it.

create table pgflow.workers (
  worker_id uuid primary key,
  queue_name text not null,
  function_name text not null,
  flow_slugs text[] not null default '{}',
  -- it proves its life by a session lock, which is free the moment its connection ends
  holds_lock boolean not null default false,
  started_at timestamptz not null default now(),
  deprecated_at timestamptz,
  stopped_at timestamptz,
  last_heartbeat_at timestamptz not null default now(),
  last_heartbeat timestamptz generated always as (last_heartbeat_at) stored
) with (fillfactor = 60);

create table pgflow.worker_functions (
  function_name text primary key,
  enabled boolean not null default true,
  debounce interval not null default '6 seconds'
    constraint debounce_is_at_least_one_second check (debounce >= interval '1 second'),
  last_invoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- Runs, the state of their steps, and tasks: the units that workers claim.
--
--   start_flow          inserts a run and one state per step, and starts what is ready
--   claim               queued -> started; the task is leased to a worker
--   report              started -> completed | failed, or back to queued for another attempt
--   _advance            ends steps, unlocks their dependents, skips, starts, finishes the run
--
-- Every transition but the claim locks the run first. Lock order, everywhere:
-- runs (ascending run_id) -> step_states -> step_tasks -> pgmq rows. A claim holds locks on pgmq rows
-- and tasks only, and never waits for one (skip locked), so it cannot take part in a deadlock.
--
-- Indexes are few on purpose: each one is paid for on every transition. No index covers a column
-- that a transition changes, so that updates stay on their page (HOT).

create table pgflow.runs (
  run_id uuid primary key default pgflow.new_run_id(),
  flow_slug text not null references pgflow.flows (flow_slug),
  status text not null default 'started'
    constraint status_is_valid check (status in ('started', 'completed', 'failed', 'cancelled')),
  input jsonb not null,
  output jsonb,
  error_message text,
  remaining_steps int not null default 0
    constraint remaining_steps_is_nonnegative check (remaining_steps >= 0),
  started_at timestamptz not null default now(),
  completed_at timestamptz,
  failed_at timestamptz,
  cancelled_at timestamptz,
  constraint at_most_one_end check (num_nonnulls(completed_at, failed_at, cancelled_at) <= 1),
  constraint end_matches_status check (
    (status = 'completed') = (completed_at is not null)
    and (status = 'failed') = (failed_at is not null)
    and (status = 'cancelled') = (cancelled_at is not null)
  ),
  constraint ends_after_start check (
    coalesce(completed_at, failed_at, cancelled_at, started_at) >= started_at
  ),
  constraint completed_when_nothing_remains check (status <> 'completed' or remaining_steps = 0)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

create index runs_by_flow on pgflow.runs (flow_slug, started_at);
create index runs_unfinished on pgflow.runs (flow_slug, run_id) where status = 'started';

create table pgflow.step_states (
  flow_slug text not null,
  run_id uuid not null references pgflow.runs (run_id),
  step_slug text not null,
  status text not null default 'created'
    constraint status_is_valid check (
      status in ('created', 'started', 'completed', 'failed', 'skipped', 'cancelled')
    ),
  remaining_tasks int
    constraint remaining_tasks_is_nonnegative check (remaining_tasks >= 0),
  initial_tasks int
    constraint initial_tasks_is_nonnegative check (initial_tasks >= 0),
  remaining_deps int not null default 0
    constraint remaining_deps_is_nonnegative check (remaining_deps >= 0),
  output jsonb,
  error_message text,
  skip_reason text
    constraint skip_reason_is_valid check (
      skip_reason in ('condition_unmet', 'handler_failed', 'dependency_skipped')
    ),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  skipped_at timestamptz,
  primary key (run_id, step_slug),
  constraint status_and_remaining_tasks_match check (status <> 'completed' or remaining_tasks = 0),
  constraint remaining_tasks_state_consistency check (
    remaining_tasks is null or status not in ('created', 'skipped')
  ),
  constraint initial_tasks_known_when_started check (
    status <> 'started' or initial_tasks is not null
  ),
  constraint output_only_for_completed_or_null check (output is null or status = 'completed'),
  constraint skip_reason_matches_status check ((status = 'skipped') = (skip_reason is not null)),
  constraint at_most_one_end check (num_nonnulls(completed_at, failed_at, skipped_at) <= 1),
  constraint starts_after_created check (coalesce(started_at, created_at) >= created_at),
  constraint ends_after_start check (
    coalesce(completed_at, failed_at, skipped_at, started_at) >= coalesce(started_at, created_at)
  )
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- A task is one piece of work for one worker: one per single step, one per element of a map.
-- There is no foreign key to step_states: a task is only ever written by the transaction that
-- holds its run, and the check would cost on each of them.
create table pgflow.step_tasks (
  flow_slug text not null,
  run_id uuid not null,
  step_slug text not null,
  task_index int not null default 0
    constraint task_index_is_nonnegative check (task_index >= 0),
  message_id bigint,
  status text not null default 'queued'
    constraint valid_status check (
      status in ('queued', 'started', 'completed', 'failed', 'skipped', 'cancelled')
    ),
  attempts_count int not null default 0
    constraint attempts_count_is_nonnegative check (attempts_count >= 0),
  error_message text,
  -- the element of a map; a single step's input is put together when it is claimed
  input jsonb,
  output jsonb,
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  -- until then the task belongs to last_worker_id; afterwards to whoever claims it
  lease_expires_at timestamptz,
  last_worker_id uuid references pgflow.workers (worker_id) on delete set null,
  requeued_count int not null default 0
    constraint requeued_count_is_nonnegative check (requeued_count >= 0),
  last_requeued_at timestamptz,
  permanently_stalled_at timestamptz,
  constraint step_tasks_pkey primary key (run_id, step_slug, task_index),
  constraint output_only_when_ended check (output is null or status in ('completed', 'failed')),
  constraint lease_matches_status check ((status = 'started') = (lease_expires_at is not null)),
  constraint at_most_one_end check (num_nonnulls(completed_at, failed_at) <= 1),
  constraint starts_after_queued check (coalesce(started_at, queued_at) >= queued_at),
  constraint ends_after_start check (
    coalesce(completed_at, failed_at, started_at) >= coalesce(started_at, queued_at)
  )
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

-- Who wants to hear of a run. Nobody pays for the events of a run that is not listed here. Losing the
-- table in a crash is harmless: watchers renew their rows.
create unlogged table pgflow.run_watches (
  run_id uuid not null,
  watcher uuid not null,
  expires_at timestamptz not null,
  primary key (run_id, watcher)
);

-- The parameters that functions of the engine hand to each other.
create type pgflow.step_ref as (flow_slug text, run_id uuid, step_slug text);

create type pgflow.task_ref as (
  flow_slug text,
  run_id uuid,
  step_slug text,
  task_index int,
  message_id bigint,
  "position" int
);

-- One reported outcome. It means: released, lost, failed (error is set), else completed.
-- position is its place in the report; attempt null is a report that is not fenced.
create type pgflow.outcome as (
  run_id uuid,
  step_slug text,
  task_index int,
  attempt int,
  output jsonb,
  error text,
  retry boolean,
  retry_in numeric,
  released boolean,
  lost boolean,
  "position" int
);

-- A task as a worker receives it. Without msg_id it is no task but an outcome that was refused.
create type pgflow.step_task_record as (
  flow_slug text,
  run_id uuid,
  step_slug text,
  input jsonb,
  msg_id bigint,
  task_index int,
  flow_input jsonb,
  attempt int,
  max_attempts int,
  timeout int
);

-- A run as start_flows returns it: `created` is false when it was there already.
create type pgflow.started_run as (
  run_id uuid,
  flow_slug text,
  status text,
  input jsonb,
  output jsonb,
  error_message text,
  remaining_steps int,
  started_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  cancelled_at timestamptz,
  created boolean
);
