-- Runs, the state of their steps, and tasks: the units that workers claim.
--
--   start_flow          inserts a run and one state per step, and starts what is ready
--   claim               queued -> started; the task is leased to a worker
--   report              started -> completed | failed, or back to queued for another attempt
--   _advance            ends steps, unlocks their dependents, skips, starts, finishes the run
--
-- Every transition but the claim locks the run first. Lock order, everywhere: runs (ascending
-- run_id) -> step_states -> step_tasks -> pgmq rows. A claim holds locks on pgmq rows and tasks
-- only, and never waits for one (skip locked), so it cannot take part in a deadlock.
--
-- Indexes and checks are few on purpose: each one is paid for on every transition. No index
-- covers a column that a transition changes, so that updates stay on their page (HOT).

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
  -- while set, no step is started but by release_step
  paused_at timestamptz,
  constraint end_matches_status check (
    (status = 'completed') = (completed_at is not null)
    and (status = 'failed') = (failed_at is not null)
    and (status = 'cancelled') = (cancelled_at is not null)
  ),
  constraint ends_after_start check (
    coalesce(completed_at, failed_at, cancelled_at, started_at) >= started_at
  ),
  constraint completed_when_nothing_remains check (status <> 'completed' or remaining_steps = 0)
) with (
  fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05
);

create index runs_by_flow on pgflow.runs (flow_slug, started_at);
create index runs_unfinished on pgflow.runs (flow_slug, run_id) where status = 'started';
-- Whoever looks for runs that went wrong shall not read those that went well.
create index runs_gone_wrong on pgflow.runs (flow_slug, started_at)
where status in ('failed', 'cancelled');

create table pgflow.step_states (
  flow_slug text not null,
  run_id uuid not null references pgflow.runs (run_id),
  step_slug text not null,
  status text not null default 'created'
    constraint status_is_valid check (
      status in ('created', 'started', 'completed', 'failed', 'skipped', 'cancelled')
    ),
  remaining_tasks int,
  initial_tasks int,
  remaining_deps int not null default 0,
  output jsonb,
  error_message text,
  skip_reason text,
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
  constraint counts_are_nonnegative check (
    remaining_tasks >= 0 and initial_tasks >= 0 and remaining_deps >= 0
  ),
  constraint skip_reason_matches_status check (
    case
      when status = 'skipped' then coalesce(
        skip_reason in ('condition_unmet', 'handler_failed', 'dependency_skipped'), false
      )
      else skip_reason is null
    end
  ),
  constraint times_are_in_order check (
    num_nonnulls(completed_at, failed_at, skipped_at) <= 1
    and coalesce(started_at, created_at) >= created_at
    and coalesce(completed_at, failed_at, skipped_at, started_at, created_at)
      >= coalesce(started_at, created_at)
  )
) with (
  fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05
);

-- A task is one piece of work for one worker: one per single step, one per element of a map.
-- There is no foreign key to step_states: a task is only ever written by the transaction that
-- holds its run, and the check would cost on each of them.
create table pgflow.step_tasks (
  flow_slug text not null,
  run_id uuid not null,
  step_slug text not null,
  task_index int not null default 0,
  message_id bigint,
  status text not null default 'queued'
    constraint valid_status check (
      status in ('queued', 'started', 'completed', 'failed', 'skipped', 'cancelled')
    ),
  attempts_count int not null default 0,
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
  requeued_count int not null default 0,
  last_requeued_at timestamptz,
  permanently_stalled_at timestamptz,
  constraint step_tasks_pkey primary key (run_id, step_slug, task_index),
  constraint output_only_when_ended check (output is null or status in ('completed', 'failed')),
  constraint lease_matches_status check ((status = 'started') = (lease_expires_at is not null)),
  constraint counts_are_nonnegative check (
    task_index >= 0 and attempts_count >= 0 and requeued_count >= 0
  ),
  constraint times_are_in_order check (
    num_nonnulls(completed_at, failed_at) <= 1
    and coalesce(started_at, queued_at) >= queued_at
    and coalesce(completed_at, failed_at, started_at, queued_at) >= coalesce(started_at, queued_at)
  )
) with (
  fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05
);

-- What people have done to a run, for whoever wonders later.
create table pgflow.run_actions (
  run_id uuid not null references pgflow.runs (run_id),
  acted_at timestamptz not null default clock_timestamp(),
  action text not null
    constraint action_is_valid check (
      action in ('cancel', 'retry', 'pause', 'resume', 'release', 'edit', 'rerun')
    ),
  step_slug text,
  detail jsonb,
  acted_by text not null default session_user
);

create index run_actions_by_run on pgflow.run_actions (run_id, acted_at);

-- Who wants to hear of a run. Nobody pays for the events of a run that is not listed here, nor for
-- those of its steps where all that is awaited is its end. Losing the table in a crash is harmless:
-- watchers renew their rows.
create unlogged table pgflow.run_watches (
  run_id uuid not null,
  watcher uuid not null,
  expires_at timestamptz not null,
  with_steps boolean not null default true,
  primary key (run_id, watcher)
);

-- The trace of a run, where somebody asks for traces: what the propagator of whoever came first
-- has written down. There is no foreign key: nobody else shall pay for traces. `exported` names
-- the spans that a worker has collected, as <step>/<retries> and run/<retries>; the trace is open
-- until the end of the run is among them.
create table pgflow.run_traces (
  run_id uuid primary key,
  carrier jsonb not null,
  exported text[] not null default '{}',
  is_open boolean not null default true
);

create index run_traces_open on pgflow.run_traces (run_id) where is_open;

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

-- One reported outcome. It means: released, lost, failed (error is set), else completed. position
-- is its place in the report; attempt null is a report that is not fenced.
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
