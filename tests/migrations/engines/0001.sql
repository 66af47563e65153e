set local check_function_bodies to off;
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

insert into pgflow.migrations (number, name, sha256, breaking) values (1, '0001_initial', 'c677c2ba1149ad54dc760cbc4c4661d8bb0c875eb666ab77449cb549253d15cc', false);
-- What differs between two shapes, a sentence each; empty when they are the same structure. Options
-- and the order of dependencies do not count, the order of steps does.
create or replace function pgflow._compare_flow_shapes(p_local jsonb, p_db jsonb) returns text[]
language plpgsql stable
set search_path to ''
as $$
declare
  local_steps constant jsonb := coalesce(p_local -> 'steps', '[]');
  db_steps constant jsonb := coalesce(p_db -> 'steps', '[]');
  local_count constant int := jsonb_array_length(local_steps);
  db_count constant int := jsonb_array_length(db_steps);
  differences text[] := '{}';
begin
  if local_count <> db_count then
    differences := differences || format('Step count differs: %s vs %s', local_count, db_count);
  end if;

  for i in 0 .. greatest(local_count, db_count) - 1 loop
    differences := differences || pgflow._compare_step_shapes(i, local_steps -> i, db_steps -> i);
  end loop;
  return differences;
end;
$$;

-- Registers a flow and its steps from shape JSON. Options in the shape are used; what is there
-- already stays.
create or replace function pgflow._create_flow_from_shape(p_flow_slug text, p_shape jsonb)
returns void
language plpgsql
set search_path to ''
as $$
declare
  options constant jsonb := coalesce(p_shape -> 'options', '{}');
  step jsonb;
begin
  perform pgflow.create_flow(
    p_flow_slug,
    (options ->> 'maxAttempts')::int,
    (options ->> 'baseDelay')::int,
    (options ->> 'timeout')::int
  );

  for step in select e.value from jsonb_array_elements(p_shape -> 'steps') as e loop
    perform pgflow.add_step(
      flow_slug => p_flow_slug,
      step_slug => step ->> 'slug',
      deps_slugs => array(select jsonb_array_elements_text(coalesce(step -> 'dependencies', '[]'))),
      max_attempts => (step -> 'options' ->> 'maxAttempts')::int,
      base_delay => (step -> 'options' ->> 'baseDelay')::int,
      timeout => (step -> 'options' ->> 'timeout')::int,
      start_delay => (step -> 'options' ->> 'startDelay')::int,
      step_type => coalesce(step ->> 'stepType', 'single'),
      required_input_pattern => step -> 'requiredInputPattern' -> 'value',
      forbidden_input_pattern => step -> 'forbiddenInputPattern' -> 'value',
      when_unmet => coalesce(step ->> 'whenUnmet', 'skip'),
      when_exhausted => coalesce(step ->> 'whenExhausted', 'fail')
    );
  end loop;
end;
$$;

-- The structure of a stored flow as shape JSON, steps in order, without options. An unknown flow has
-- no steps.
create or replace function pgflow._get_flow_shape(p_flow_slug text) returns jsonb
language sql stable
set search_path to ''
as $$
  select jsonb_build_object('steps', coalesce(jsonb_agg(
    jsonb_build_object(
      'slug', s.step_slug,
      'stepType', s.step_type,
      'dependencies', coalesce(
        (
          select jsonb_agg(d.dep_slug order by d.dep_slug collate "C")
          from pgflow.deps d
          where d.flow_slug = s.flow_slug and d.step_slug = s.step_slug
        ),
        '[]'
      ),
      'whenUnmet', s.when_unmet,
      'whenExhausted', s.when_exhausted,
      'requiredInputPattern', pgflow._pattern_shape(s.required_input_pattern),
      'forbiddenInputPattern', pgflow._pattern_shape(s.forbidden_input_pattern)
    )
    order by s.step_index
  ), '[]'))
  from pgflow.steps s
  where s.flow_slug = p_flow_slug
$$;

-- Adds a step at the end of a flow. The same definition again returns the row unchanged; another one
-- raises, because a definition is immutable. Locks the flow, so that concurrent calls get
-- distinct indexes.
create or replace function pgflow.add_step(
  flow_slug text,
  step_slug text,
  deps_slugs text[] default '{}',
  max_attempts int default null,
  base_delay int default null,
  timeout int default null,
  start_delay int default null,
  step_type text default 'single',
  required_input_pattern jsonb default null,
  forbidden_input_pattern jsonb default null,
  when_unmet text default 'skip',
  when_exhausted text default 'fail'
) returns pgflow.steps
language plpgsql
set search_path to ''
as $$
#variable_conflict use_column
declare
  parents constant text[] := array(select distinct unnest(add_step.deps_slugs) order by 1);
  step pgflow.steps;
begin
  if add_step.step_type = 'map' and cardinality(parents) > 1 then
    raise exception 'Map step "%" can have at most one dependency, but % were provided: %',
      add_step.step_slug, cardinality(parents), array_to_string(add_step.deps_slugs, ', ')
      using errcode = 'PF005';
  end if;

  perform from pgflow.flows f where f.flow_slug = add_step.flow_slug for no key update;

  select * into step from pgflow.steps s
  where s.flow_slug = add_step.flow_slug and s.step_slug = add_step.step_slug;
  if found then
    perform pgflow._refuse_other_definition(
      step, parents, add_step.step_type, add_step.required_input_pattern,
      add_step.forbidden_input_pattern, add_step.when_unmet, add_step.when_exhausted
    );
    return step;
  end if;

  insert into pgflow.steps (
    flow_slug, step_slug, step_type, step_index, deps_count,
    opt_max_attempts, opt_base_delay, opt_timeout, opt_start_delay,
    required_input_pattern, forbidden_input_pattern, when_unmet, when_exhausted
  )
  select
    add_step.flow_slug, add_step.step_slug, coalesce(add_step.step_type, 'single'),
    coalesce(max(s.step_index) + 1, 0), cardinality(parents),
    add_step.max_attempts, add_step.base_delay, add_step.timeout, add_step.start_delay,
    add_step.required_input_pattern, add_step.forbidden_input_pattern,
    coalesce(add_step.when_unmet, 'skip'), coalesce(add_step.when_exhausted, 'fail')
  from pgflow.steps s
  where s.flow_slug = add_step.flow_slug
  returning * into step;

  insert into pgflow.deps (flow_slug, dep_slug, step_slug)
  select add_step.flow_slug, parent, add_step.step_slug from unnest(parents) as parent;

  if step.step_type = 'map' then
    update pgflow.steps s set feeds_map = true
    where s.flow_slug = add_step.flow_slug and s.step_slug = any (parents)
      and s.step_type = 'single';
  end if;

  return step;
end;
$$;

-- Registers a flow and creates its queue. An existing flow is returned unchanged.
-- Locks nothing; of two that race one inserts and both return the same row.
create or replace function pgflow.create_flow(
  flow_slug text,
  max_attempts int default null,
  base_delay int default null,
  timeout int default null
) returns pgflow.flows
language plpgsql
set search_path to ''
as $$
declare
  flow pgflow.flows;
begin
  insert into pgflow.flows (flow_slug, opt_max_attempts, opt_base_delay, opt_timeout)
  values (
    create_flow.flow_slug,
    coalesce(create_flow.max_attempts, 3),
    coalesce(create_flow.base_delay, 5),
    coalesce(create_flow.timeout, 60)
  )
  on conflict on constraint flows_pkey do nothing;

  perform pgflow._create_queue(create_flow.flow_slug);

  select * into flow from pgflow.flows f where f.flow_slug = create_flow.flow_slug;
  return flow;
end;
$$;

-- Removes a flow with everything that belongs to it: queue, archive, tasks, states, runs, definition.
-- Locks the flow and its runs first, so that a report in flight ends before and a later one finds
-- nothing. An unknown flow is no error.
create or replace function pgflow.delete_flow_and_data(p_flow_slug text) returns void
language plpgsql
set search_path to ''
as $$
declare
  queue constant text := pgflow.queue_name(p_flow_slug);
  doomed uuid[];
begin
  perform from pgflow.flows f where f.flow_slug = p_flow_slug for update;
  perform from pgflow.runs r where r.flow_slug = p_flow_slug order by r.run_id for update;
  doomed := array(select r.run_id from pgflow.runs r where r.flow_slug = p_flow_slug);

  delete from pgflow.step_tasks t where t.run_id = any (doomed);
  delete from pgflow.step_states s where s.run_id = any (doomed);
  delete from pgflow.run_watches w where w.run_id = any (doomed);
  delete from pgflow.runs r where r.flow_slug = p_flow_slug;
  delete from pgflow.deps d where d.flow_slug = p_flow_slug;
  delete from pgflow.steps s where s.flow_slug = p_flow_slug;
  delete from pgflow.flows f where f.flow_slug = p_flow_slug;

  if exists (select from pgmq.meta m where m.queue_name = queue) then
    perform pgmq.drop_queue(queue);
  end if;
end;
$$;

-- Makes the stored flow equal to the shape, or says why it does not. A missing flow is created
-- everywhere; another structure is replaced, with its data, only on a local database or where
-- allow_data_loss says so. Callers that race are served one after the other.
create or replace function pgflow.ensure_flow_compiled(
  flow_slug text, shape jsonb, allow_data_loss boolean default false
) returns jsonb
language plpgsql
set search_path to ''
as $$
declare
  differences text[];
begin
  perform pg_advisory_xact_lock(1, hashtext(ensure_flow_compiled.flow_slug));

  if not exists (
    select from pgflow.flows f where f.flow_slug = ensure_flow_compiled.flow_slug
  ) then
    perform pgflow._create_flow_from_shape(ensure_flow_compiled.flow_slug, shape);
    return jsonb_build_object('status', 'compiled', 'differences', '[]'::jsonb);
  end if;

  differences := pgflow._compare_flow_shapes(
    shape, pgflow._get_flow_shape(ensure_flow_compiled.flow_slug)
  );
  if cardinality(differences) = 0 then
    return jsonb_build_object('status', 'verified', 'differences', '[]'::jsonb);
  elsif pgflow.is_local() or allow_data_loss then
    perform pgflow.delete_flow_and_data(ensure_flow_compiled.flow_slug);
    perform pgflow._create_flow_from_shape(ensure_flow_compiled.flow_slug, shape);
    return jsonb_build_object('status', 'recompiled', 'differences', to_jsonb(differences));
  end if;
  return jsonb_build_object('status', 'mismatch', 'differences', to_jsonb(differences));
end;
$$;

-- True on a database of the Supabase CLI, which everybody's laptop runs with the same well-known
-- development secret. Anything else, and a missing setting, is not local.
create or replace function pgflow.is_local() returns boolean
language sql stable
set search_path to ''
as $$
  select coalesce(
    current_setting('app.settings.jwt_secret', true)
      = 'super-secret-jwt-token-with-at-least-32-characters-long',
    false
  )
$$;

-- The pgmq queue of a flow: the slug itself where pgmq takes it as it is (lower case, at most 47
-- characters), else a readable prefix and a hash, so that no two flows ever share a queue.
create or replace function pgflow.queue_name(flow_slug text) returns text
language sql immutable parallel safe
as $$
  select case
    when flow_slug = lower(flow_slug) and length(flow_slug) <= 47 then flow_slug
    else left(lower(flow_slug), 30) || '_' || left(md5(flow_slug), 16)
  end
$$;

-- Changes runtime options of a flow. A null leaves the option as it is. Runs in flight see the new
-- values at their next attempt. Raises PF001 for an unknown flow.
create or replace function pgflow.set_flow_options(
  flow_slug text,
  max_attempts int default null,
  base_delay int default null,
  timeout int default null
) returns pgflow.flows
language plpgsql
set search_path to ''
as $$
declare
  flow pgflow.flows;
begin
  update pgflow.flows f
  set opt_max_attempts = coalesce(set_flow_options.max_attempts, f.opt_max_attempts),
    opt_base_delay = coalesce(set_flow_options.base_delay, f.opt_base_delay),
    opt_timeout = coalesce(set_flow_options.timeout, f.opt_timeout)
  where f.flow_slug = set_flow_options.flow_slug
  returning * into flow;

  if not found then
    raise exception 'flow "%" does not exist', set_flow_options.flow_slug using errcode = 'PF001';
  end if;
  return flow;
end;
$$;

-- Sets all runtime options of a step; a null means that it is inherited from the flow (a start delay:
-- none). Raises PF001 for an unknown step.
create or replace function pgflow.set_step_options(
  flow_slug text,
  step_slug text,
  max_attempts int default null,
  base_delay int default null,
  timeout int default null,
  start_delay int default null
) returns pgflow.steps
language plpgsql
set search_path to ''
as $$
declare
  step pgflow.steps;
begin
  update pgflow.steps s
  set opt_max_attempts = set_step_options.max_attempts,
    opt_base_delay = set_step_options.base_delay,
    opt_timeout = set_step_options.timeout,
    opt_start_delay = set_step_options.start_delay
  where s.flow_slug = set_step_options.flow_slug and s.step_slug = set_step_options.step_slug
  returning * into step;

  if not found then
    raise exception 'step "%" of flow "%" does not exist',
      set_step_options.step_slug, set_step_options.flow_slug using errcode = 'PF001';
  end if;
  return step;
end;
$$;

-- Carries runs on after steps have ended: unlocks their dependents, judges conditions and steps without
-- tasks until nothing changes any more, starts what is ready, finishes runs that have nothing left.
-- `ended` are steps that have just completed or been skipped, `ready` steps without open dependencies.
-- `empty` are runs without steps. The caller holds the runs' locks.
create or replace function pgflow._advance(
  ended pgflow.step_ref[], ready pgflow.step_ref[], empty uuid[] default null, delay int default null
) returns void
language plpgsql
set search_path to ''
as $$
declare
  all_ended pgflow.step_ref[] := ended;
  to_start pgflow.step_ref[] := '{}';
  verdict record;
begin
  loop
    if cardinality(ended) > 0 then
      ready := ready || pgflow._unlock_dependents(ended);
    end if;
    exit when coalesce(cardinality(ready), 0) = 0;

    verdict := pgflow._judge_ready_steps(ready);
    to_start := to_start || verdict.startable;
    all_ended := all_ended || verdict.ended;
    ended := verdict.ended;
    ready := '{}';
  end loop;

  perform pgflow._start_steps(to_start, delay);
  perform pgflow._finish_runs(all_ended, empty);
end;
$$;

-- Tells whoever listens that runs have reached a status. Free for runs that nobody watches.
create or replace function pgflow._announce_runs(run_ids uuid[], event text) returns void
language plpgsql
set search_path to ''
as $$
declare
  watched uuid[];
begin
  if run_ids is null or not pgflow._has_audience() then
    return;
  end if;
  watched := pgflow._watched(run_ids);

  perform pgflow._send_event(r.run_id, 'run:' || event, jsonb_build_object(
    'event_type', 'run:' || event, 'run_id', r.run_id, 'flow_slug', r.flow_slug, 'status', r.status
  ) || case event
    when 'started' then jsonb_build_object(
      'input', r.input, 'remaining_steps', r.remaining_steps, 'started_at', r.started_at
    )
    when 'completed' then jsonb_build_object('output', r.output, 'completed_at', r.completed_at)
    when 'failed' then jsonb_build_object('error_message', r.error_message, 'failed_at', r.failed_at)
    else jsonb_build_object('cancelled_at', r.cancelled_at)
  end)
  from pgflow.runs r
  where r.run_id = any (watched);
end;
$$;

-- Tells whoever listens that steps have reached a status, in slug order. Free for runs that nobody watches.
create or replace function pgflow._announce_steps(refs pgflow.step_ref[], event text) returns void
language plpgsql
set search_path to ''
as $$
declare
  watched uuid[];
begin
  if not pgflow._has_audience() then
    return;
  end if;
  watched := pgflow._watched(array(select distinct r.run_id from unnest(refs) as r));

  perform pgflow._send_event(
    e.run_id, 'step:' || e.step_slug || ':' || event, pgflow._step_event(e.state, event)
  )
  from (
    select s.run_id, s.step_slug, s as state
    from unnest(refs) as r
    join pgflow.step_states s on s.run_id = r.run_id and s.step_slug = r.step_slug
    where r.run_id = any (watched)
    order by s.run_id, s.step_slug
  ) as e;
end;
$$;

-- Archives what a refused report may have left behind: the message of a task that has ended.
create or replace function pgflow._archive_late_messages(refused pgflow.outcome[]) returns void
language sql
set search_path to ''
as $$
  select pgflow._archive_messages(array(
    select row(t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, null)::pgflow.task_ref
    from unnest(refused) as o
    join pgflow.step_tasks t
      on t.run_id = o.run_id and t.step_slug = o.step_slug and t.task_index = o.task_index
    where t.status not in ('queued', 'started')
  ))
$$;

-- Moves the messages of tasks that have ended to their queues' archives.
create or replace function pgflow._archive_messages(tasks pgflow.task_ref[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  batch record;
begin
  if coalesce(cardinality(tasks), 0) = 0 then
    return;
  end if;

  for batch in
    select t.flow_slug, array_agg(t.message_id) as ids
    from unnest(tasks) as t
    where t.message_id is not null
    group by t.flow_slug
  loop
    perform pgmq.archive(pgflow.queue_name(batch.flow_slug), batch.ids);
  end loop;
end;
$$;

-- A list of dependencies in a fixed order, in brackets.
create or replace function pgflow._bracketed(slugs jsonb) returns text
language sql immutable parallel safe
as $$
  select '[' || coalesce(string_agg(slug, ', ' order by slug collate "C"), '') || ']'
  from jsonb_array_elements_text(coalesce(slugs, '[]')) as slug
$$;

-- Claims up to `quantity` tasks of one flow: reads due messages, hiding each for as long as its task may
-- take, and starts their tasks.
create or replace function pgflow._claim_from(worker_id uuid, flow_slug text, quantity int)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  msg_ids bigint[];
  messages jsonb[];
begin
  select array_agg(m.msg_id), array_agg(m.message) into msg_ids, messages
  from pgflow._read_due_messages(flow_slug, quantity) as m;
  if msg_ids is not null then
    return query select * from pgflow._start_tasks(worker_id, flow_slug, msg_ids, messages);
  end if;
end;
$$;

-- Ends the open tasks of steps as `skipped` or `cancelled`: nobody is handed them any more, their
-- messages are archived, and workers that hold one are told.
create or replace function pgflow._close_tasks(refs pgflow.step_ref[], new_status text) returns void
language plpgsql
set search_path to ''
as $$
declare
  closed pgflow.task_ref[];
  holders uuid[];
begin
  with changed as (
    update pgflow.step_tasks t
    set status = new_status, lease_expires_at = null
    from unnest(refs) as r
    where t.run_id = r.run_id and t.step_slug = r.step_slug and t.status in ('queued', 'started')
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id,
      case when t.started_at is not null then t.last_worker_id end as holder
  )
  select
    array_agg(row(c.flow_slug, c.run_id, c.step_slug, c.task_index, c.message_id, null)::pgflow.task_ref),
    array_agg(distinct c.holder) filter (where c.holder is not null)
  into closed, holders
  from changed c;

  perform pgflow._archive_messages(closed);
  perform pg_notify('pgflow_task_cancelled', h.holder::text) from unnest(holders) as h (holder);
end;
$$;

-- The differences between the steps that two shapes have at one index.
create or replace function pgflow._compare_step_shapes(
  step_index int, first_step jsonb, second_step jsonb
) returns text[]
language plpgsql stable
set search_path to ''
as $$
declare
  place constant text := format('Step at index %s: ', step_index);
begin
  if first_step is null then
    return array[format('%smissing in first shape (second has ''%s'')', place, second_step ->> 'slug')];
  elsif second_step is null then
    return array[format('%smissing in second shape (first has ''%s'')', place, first_step ->> 'slug')];
  end if;

  return array(
    select format('%s%s %s vs %s', place, d.what, d.first_value, d.second_value)
    from (values
      (1, 'slug differs', pgflow._quoted(first_step, 'slug'), pgflow._quoted(second_step, 'slug')),
      (2, 'type differs', pgflow._quoted(first_step, 'stepType'), pgflow._quoted(second_step, 'stepType')),
      (3, 'dependencies differ', pgflow._bracketed(first_step -> 'dependencies'),
        pgflow._bracketed(second_step -> 'dependencies')),
      (4, 'whenUnmet differs', pgflow._quoted(first_step, 'whenUnmet'),
        pgflow._quoted(second_step, 'whenUnmet')),
      (5, 'whenExhausted differs', pgflow._quoted(first_step, 'whenExhausted'),
        pgflow._quoted(second_step, 'whenExhausted')),
      (6, 'requiredInputPattern differs', pgflow._quoted(first_step, 'requiredInputPattern'),
        pgflow._quoted(second_step, 'requiredInputPattern')),
      (7, 'forbiddenInputPattern differs', pgflow._quoted(first_step, 'forbiddenInputPattern'),
        pgflow._quoted(second_step, 'forbiddenInputPattern'))
    ) as d (n, what, first_value, second_value)
    where d.first_value is distinct from d.second_value
    order by d.n
  );
end;
$$;

-- Counts completed tasks off their steps and completes the steps that have none left. A map's output is the
-- array of its tasks' outputs in order. Returns the completed steps.
create or replace function pgflow._complete_steps(tasks pgflow.task_ref[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  completed pgflow.step_ref[];
begin
  with tally as (
    select t.flow_slug, t.run_id, t.step_slug, count(*)::int as tasks
    from unnest(tasks) as t
    group by t.flow_slug, t.run_id, t.step_slug
  ),
  changed as (
    update pgflow.step_states s
    set remaining_tasks = s.remaining_tasks - y.tasks,
      status = case when s.remaining_tasks = y.tasks then 'completed' else s.status end,
      completed_at = case
        when s.remaining_tasks = y.tasks then greatest(clock_timestamp(), s.started_at)
      end,
      output = case
        when s.remaining_tasks > y.tasks then null
        when d.step_type = 'single' then (
          select t.output from pgflow.step_tasks t
          where t.run_id = s.run_id and t.step_slug = s.step_slug and t.task_index = 0
        )
        else (
          select jsonb_agg(t.output order by t.task_index) from pgflow.step_tasks t
          where t.run_id = s.run_id and t.step_slug = s.step_slug
        )
      end
    from tally y
    join pgflow.steps d on d.flow_slug = y.flow_slug and d.step_slug = y.step_slug
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = y.run_id and x.step_slug = y.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid
    returning s.flow_slug, s.run_id, s.step_slug, s.status
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref) into completed
  from changed c where c.status = 'completed';

  perform pgflow._announce_steps(completed, 'completed');
  return coalesce(completed, '{}');
end;
$$;

-- Completes maps without elements: their output is an empty array.
create or replace function pgflow._complete_taskless_steps(refs pgflow.step_ref[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  completed pgflow.step_ref[];
begin
  with changed as (
    update pgflow.step_states s
    set status = 'completed', remaining_tasks = 0, output = '[]',
      started_at = greatest(now(), s.created_at), completed_at = greatest(now(), s.created_at)
    from unnest(refs) as r
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = r.run_id and x.step_slug = r.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status = 'created'
    returning s.flow_slug, s.run_id, s.step_slug
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref) into completed
  from changed c;

  perform pgflow._announce_steps(completed, 'completed');
  return coalesce(completed, '{}');
end;
$$;

-- Completes the tasks that the outcomes name, where that attempt of that worker still holds them; returns
-- those. A single step that feeds a map must return an array: others are left to
-- _fail_type_violations.
create or replace function pgflow._complete_tasks(worker_id uuid, outcomes pgflow.outcome[])
returns pgflow.task_ref[]
language plpgsql
set search_path to ''
as $$
declare
  completed pgflow.task_ref[];
begin
  with changed as (
    update pgflow.step_tasks t
    set status = 'completed', output = coalesce(o.output, 'null'), lease_expires_at = null,
      completed_at = greatest(clock_timestamp(), t.started_at)
    from unnest(outcomes) as o
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = o.run_id and x.step_slug = o.step_slug and x.task_index = o.task_index
      limit 1
    ) as at,
    pgflow.steps s
    where o.error is null and o.released is not true and o.lost is not true
      and t.ctid = at.ctid
      and t.status = 'started'
      and (o.attempt is null or t.attempts_count = o.attempt)
      and (_complete_tasks.worker_id is null or t.last_worker_id = _complete_tasks.worker_id)
      and s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
      and (not s.feeds_map or jsonb_typeof(o.output) is not distinct from 'array')
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, o.position
  )
  select array_agg(
    row(c.flow_slug, c.run_id, c.step_slug, c.task_index, c.message_id, c.position)::pgflow.task_ref
  )
  into completed from changed c;

  perform pgflow._archive_messages(completed);
  return coalesce(completed, '{}');
end;
$$;

-- Creates the pgmq queue of a flow unless it is there. Rows of a queue are updated once and deleted
-- soon, so the table gets room on its pages and frequent vacuums.
create or replace function pgflow._create_queue(flow_slug text) returns void
language plpgsql
set search_path to ''
as $$
declare
  queue constant text := pgflow.queue_name(flow_slug);
begin
  if exists (select from pgmq.meta m where m.queue_name = queue) then
    return;
  end if;

  perform pgmq.create(queue);
  execute format(
    'alter table pgmq.%I set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)',
    'q_' || queue
  );
end;
$$;

-- Makes the messages of tasks visible after that many seconds each.
create or replace function pgflow._delay_messages(tasks pgflow.task_ref[], delays int[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  batch record;
begin
  for batch in
    select t.flow_slug, array_agg(t.message_id) as ids, array_agg(t.delay) as delays
    from unnest(tasks, delays) as t (flow_slug, run_id, step_slug, task_index, message_id, "position", delay)
    group by t.flow_slug
  loop
    perform from pgflow.set_vt_batch(pgflow.queue_name(batch.flow_slug), batch.ids, batch.delays);
  end loop;
end;
$$;

-- The input of a single step with dependencies: the outputs of those that completed, by slug.
create or replace function pgflow._dependency_outputs(flow_slug text, run_id uuid, step_slug text)
returns jsonb
language plpgsql stable
set search_path to ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(d.dep_slug, p.output), '{}')
    from pgflow.deps d
    join pgflow.step_states p on p.run_id = _dependency_outputs.run_id and p.step_slug = d.dep_slug
    where d.flow_slug = _dependency_outputs.flow_slug
      and d.step_slug = _dependency_outputs.step_slug
      and p.status = 'completed'
  );
end;
$$;

-- Everything that depends on the given steps, directly or not, whatever the distance.
create or replace function pgflow._descendants(refs pgflow.step_ref[])
returns setof pgflow.step_ref
language sql stable
set search_path to ''
as $$
  with recursive descendant as (
    select r.flow_slug, r.run_id, d.step_slug
    from unnest(refs) as r
    join pgflow.deps d on d.flow_slug = r.flow_slug and d.dep_slug = r.step_slug
    union
    select a.flow_slug, a.run_id, d.step_slug
    from descendant a
    join pgflow.deps d on d.flow_slug = a.flow_slug and d.dep_slug = a.step_slug
  )
  select d.flow_slug, d.run_id, d.step_slug from descendant d
$$;

-- Ends steps that have run out of attempts, as their when_exhausted says: fail the run, or skip the step alone
-- or with all that descends from it. Returns what was skipped.
create or replace function pgflow._end_exhausted_steps(refs pgflow.step_ref[], messages text[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  skipped pgflow.step_ref[] := '{}';
  batch record;
begin
  for batch in
    select e.when_exhausted, array_agg(e.ref order by e.n) as refs, array_agg(e.message order by e.n) as messages
    from (
      select distinct on (x.run_id, x.step_slug)
        x.n, x.message, s.when_exhausted, row(x.flow_slug, x.run_id, x.step_slug)::pgflow.step_ref as ref
      from unnest(refs, messages) with ordinality as x (flow_slug, run_id, step_slug, message, n)
      join pgflow.steps s on s.flow_slug = x.flow_slug and s.step_slug = x.step_slug
      order by x.run_id, x.step_slug, x.n
    ) as e
    group by e.when_exhausted
  loop
    if batch.when_exhausted = 'fail' then
      perform pgflow._fail_steps(batch.refs, batch.messages);
    else
      skipped := skipped || pgflow._skip_steps(
        batch.refs, 'handler_failed', batch.when_exhausted = 'skip-cascade', batch.messages
      );
    end if;
  end loop;
  return skipped;
end;
$$;

-- Ends runs as `failed` or `cancelled`: open steps become cancelled, open tasks with them. Runs that have
-- ended already stay as they are.
create or replace function pgflow._end_runs(
  run_ids uuid[], new_status text, messages text[] default null
) returns void
language plpgsql
set search_path to ''
as $$
declare
  ended uuid[];
  interrupted pgflow.step_ref[];
begin
  with changed as (
    update pgflow.runs r
    set status = new_status, error_message = e.message,
      failed_at = case new_status when 'failed' then greatest(clock_timestamp(), r.started_at) end,
      cancelled_at = case new_status when 'cancelled' then greatest(clock_timestamp(), r.started_at) end
    from unnest(run_ids, messages) as e (run_id, message)
    where r.run_id = e.run_id and r.status = 'started'
    returning r.run_id
  )
  select array_agg(c.run_id) into ended from changed c;

  update pgflow.step_states s set status = 'cancelled'
  where s.run_id = any (ended) and s.status in ('created', 'started');

  select array_agg(row(s.flow_slug, s.run_id, s.step_slug)::pgflow.step_ref) into interrupted
  from pgflow.step_states s
  where s.run_id = any (ended) and s.status in ('failed', 'cancelled') and s.started_at is not null;

  perform pgflow._close_tasks(interrupted, 'cancelled');
  perform pgflow._announce_runs(ended, new_status);
end;
$$;

-- Fails steps, each with its message, and with them their runs. Of several steps of one run the first decides: the
-- others are cancelled with the run.
create or replace function pgflow._fail_steps(refs pgflow.step_ref[], messages text[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  failed pgflow.step_ref[];
  run_ids uuid[];
  run_messages text[];
begin
  with first as (
    select distinct on (f.run_id) f.run_id, f.step_slug, f.message
    from unnest(refs, messages) with ordinality as f (flow_slug, run_id, step_slug, message, n)
    order by f.run_id, f.n
  ),
  changed as (
    update pgflow.step_states s
    set status = 'failed', error_message = f.message,
      failed_at = greatest(clock_timestamp(), s.created_at, s.started_at)
    from first f
    where s.run_id = f.run_id and s.step_slug = f.step_slug and s.status in ('created', 'started')
    returning s.flow_slug, s.run_id, s.step_slug, f.message
  )
  select
    array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref), array_agg(c.run_id),
    array_agg(c.step_slug || ': ' || c.message)
  into failed, run_ids, run_messages
  from changed c;

  perform pgflow._announce_steps(failed, 'failed');
  perform pgflow._end_runs(run_ids, 'failed', run_messages);
end;
$$;

-- Ends attempts that failed, were lost with their worker, or are handed back. Attempts left: the task goes
-- back to the queue, at once or after its back-off. None left, or told not to retry: the task has
-- failed, and its step's when_exhausted decides. A task handed back keeps its attempt.
-- Returns the tasks that the outcomes hit, and the steps that were skipped.
create or replace function pgflow._fail_tasks(
  worker_id uuid, outcomes pgflow.outcome[],
  out hit pgflow.task_ref[], out skipped pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
declare
  exhausted pgflow.task_ref[];
  again pgflow.task_ref[];
  messages text[];
  delays int[];
begin
  with ended as materialized (
    select * from pgflow._judge_failures(_fail_tasks.worker_id, outcomes)
  ),
  changed as (
    update pgflow.step_tasks t
    set status = case when e.exhausted then 'failed' else 'queued' end,
      attempts_count = t.attempts_count - case when e.released then 1 else 0 end,
      error_message = coalesce(e.message, t.error_message),
      lease_expires_at = null,
      started_at = case when e.exhausted then t.started_at end,
      failed_at = case when e.exhausted then greatest(clock_timestamp(), t.started_at) end
    from ended e
    where t.run_id = (e.task).run_id and t.step_slug = (e.task).step_slug
      and t.task_index = (e.task).task_index
    returning e.task, e.exhausted, e.message, e.delay
  )
  select
    array_agg(c.task),
    array_agg(c.task) filter (where c.exhausted),
    array_agg(c.message) filter (where c.exhausted),
    array_agg(c.task) filter (where not c.exhausted),
    array_agg(c.delay) filter (where not c.exhausted)
  into hit, exhausted, messages, again, delays
  from changed c;

  perform pgflow._delay_messages(again, delays);
  perform pgflow._archive_messages(exhausted);
  skipped := pgflow._end_exhausted_steps(pgflow._steps_of(exhausted), messages);
end;
$$;

-- Fails for good the tasks that completed without an array although a map waits for one. The output is kept
-- for whoever has to find out. Returns the tasks.
create or replace function pgflow._fail_type_violations(worker_id uuid, outcomes pgflow.outcome[])
returns pgflow.task_ref[]
language plpgsql
set search_path to ''
as $$
declare
  failed pgflow.task_ref[];
  messages text[];
begin
  with changed as (
    update pgflow.step_tasks t
    set status = 'failed', output = o.output, lease_expires_at = null,
      failed_at = greatest(clock_timestamp(), t.started_at),
      error_message = format(
        '[TYPE_VIOLATION] Produced %s instead of array', coalesce(jsonb_typeof(o.output), 'null')
      )
    from unnest(outcomes) as o
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = o.run_id and x.step_slug = o.step_slug and x.task_index = o.task_index
      limit 1
    ) as at,
    pgflow.steps s
    where o.error is null and o.released is not true and o.lost is not true
      and t.ctid = at.ctid
      and t.status = 'started'
      and (o.attempt is null or t.attempts_count = o.attempt)
      and (_fail_type_violations.worker_id is null or t.last_worker_id = _fail_type_violations.worker_id)
      and s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
      and s.feeds_map and jsonb_typeof(o.output) is distinct from 'array'
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, o.position, o.output
  )
  select
    array_agg(row(
      c.flow_slug, c.run_id, c.step_slug, c.task_index, c.message_id, c.position
    )::pgflow.task_ref),
    array_agg(format(
      '[TYPE_VIOLATION] Map step %s expects array input but dependency %s produced %s',
      pgflow._fed_map(c.flow_slug, c.step_slug), c.step_slug, coalesce(jsonb_typeof(c.output), 'null')
    ))
  into failed, messages
  from changed c;

  perform pgflow._archive_messages(failed);
  perform pgflow._fail_steps(pgflow._steps_of(failed), messages);
  return coalesce(failed, '{}');
end;
$$;

-- The first map that runs over a step's output.
create or replace function pgflow._fed_map(flow_slug text, step_slug text) returns text
language sql stable
set search_path to ''
as $$
  select s.step_slug
  from pgflow.deps d
  join pgflow.steps s on s.flow_slug = d.flow_slug and s.step_slug = d.step_slug
  where d.flow_slug = _fed_map.flow_slug and d.dep_slug = _fed_map.step_slug and s.step_type = 'map'
  order by s.step_index
  limit 1
$$;

-- Takes ended steps off their runs' counts and completes the runs that have nothing left: their output is an
-- object of the leaves that completed, null when none did. `empty` are runs of a flow without steps.
create or replace function pgflow._finish_runs(ended pgflow.step_ref[], empty uuid[] default null)
returns void
language plpgsql
set search_path to ''
as $$
declare
  completed uuid[];
begin
  if coalesce(cardinality(ended), 0) = 0 and empty is null then
    return;
  end if;

  with tally as (
    select e.run_id, count(*)::int as steps from unnest(ended) as e group by e.run_id
    union all
    select i.run_id, 0 from unnest(empty) as i (run_id)
  ),
  changed as (
    update pgflow.runs r
    set remaining_steps = r.remaining_steps - t.steps,
      status = case
        when r.remaining_steps = t.steps and r.status = 'started' then 'completed' else r.status
      end,
      completed_at = case
        when r.remaining_steps = t.steps and r.status = 'started'
        then greatest(clock_timestamp(), r.started_at)
      end,
      output = case when r.remaining_steps = t.steps and r.status = 'started' then (
        select jsonb_object_agg(s.step_slug, s.output)
        from pgflow.step_states s
        where s.run_id = r.run_id and s.status = 'completed' and not exists (
          select from pgflow.deps d where d.flow_slug = r.flow_slug and d.dep_slug = s.step_slug
        )
      ) end
    from tally t
    cross join lateral (
      select x.ctid from pgflow.runs x where x.run_id = t.run_id limit 1
    ) as at
    where r.ctid = at.ctid
    returning r.run_id, r.status
  )
  select array_agg(c.run_id) into completed from changed c where c.status = 'completed';

  perform pgflow._announce_runs(completed, 'completed');
end;
$$;

-- False when nobody listens to any run, which is the usual case and must cost nothing.
create or replace function pgflow._has_audience() returns boolean
language plpgsql stable
set search_path to ''
as $$
begin
  return pgflow._has_realtime() or exists (select from pgflow.run_watches);
end;
$$;

-- True where Supabase's realtime.send is there.
create or replace function pgflow._has_realtime() returns boolean
language plpgsql stable
set search_path to ''
as $$
begin
  return to_regnamespace('realtime') is not null
    and to_regprocedure('realtime.send(jsonb,text,text,boolean)') is not null;
end;
$$;

-- True for a worker that has ended, or that nobody knows any more.
create or replace function pgflow._has_stopped(worker_id uuid) returns boolean
language sql stable
set search_path to ''
as $$
  select not exists (
    select from pgflow.workers w where w.worker_id = _has_stopped.worker_id and w.stopped_at is null
  )
$$;

-- The tasks that a worker holds, as a report of lost attempts. They are found by their messages, which are hidden
-- for the lease: there is no index on what changes with every claim.
create or replace function pgflow._held_tasks(worker_id uuid, flow_slugs text[]) returns jsonb
language plpgsql
set search_path to ''
as $$
declare
  slug text;
  found_here jsonb;
  report jsonb := '[]';
begin
  foreach slug in array flow_slugs loop
    continue when to_regclass(format('pgmq.%I', 'q_' || pgflow.queue_name(slug))) is null;
    execute format(
      $query$
        select jsonb_agg(jsonb_build_object(
          'run_id', t.run_id, 'step_slug', t.step_slug, 'task_index', t.task_index,
          'attempt', t.attempts_count, 'lost', true
        ))
        from pgmq.%I as m
        join pgflow.step_tasks t
          on t.run_id = (m.message ->> 'run_id')::uuid and t.step_slug = m.message ->> 'step_slug'
          and t.task_index = (m.message ->> 'task_index')::int
        where m.vt > clock_timestamp() - interval '1 minute'
          and t.status = 'started' and t.last_worker_id = $1
      $query$,
      'q_' || pgflow.queue_name(slug)
    ) into found_here using worker_id;
    report := report || coalesce(found_here, '[]');
  end loop;
  return report;
end;
$$;

-- The class of the advisory locks by which idle workers say that they want to be woken.
create or replace function pgflow._hunger_key() returns int
language sql immutable parallel safe
as $$
  select 1885828967
$$;

-- Evaluates the conditions of ready steps, once: met when the input contains the required pattern
-- and does not contain the forbidden one. Steps whose condition is met come back as taskless or
-- startable; unmet ones are skipped (`ended`) or fail their run.
create or replace function pgflow._judge_conditions(
  conditional pgflow.step_ref[],
  out ended pgflow.step_ref[], out taskless pgflow.step_ref[], out startable pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
declare
  skipped pgflow.step_ref[];
  cascading pgflow.step_ref[];
  failing pgflow.step_ref[];
begin
  select
    array_agg(j.ref) filter (where j.met and j.tasks = 0),
    array_agg(j.ref) filter (where j.met and j.tasks > 0),
    array_agg(j.ref) filter (where not j.met and j.when_unmet = 'skip'),
    array_agg(j.ref) filter (where not j.met and j.when_unmet = 'skip-cascade'),
    array_agg(j.ref order by j.step_index) filter (where not j.met and j.when_unmet = 'fail')
  into taskless, startable, skipped, cascading, failing
  from (
    select
      c as ref, s.when_unmet, s.step_index, ss.initial_tasks as tasks,
      coalesce(i.input @> s.required_input_pattern, true)
        and not coalesce(i.input @> s.forbidden_input_pattern, false) as met
    from unnest(conditional) as c
    join pgflow.steps s on s.flow_slug = c.flow_slug and s.step_slug = c.step_slug
    join pgflow.step_states ss on ss.run_id = c.run_id and ss.step_slug = c.step_slug
    cross join lateral (
      select case
        when s.deps_count = 0 then (select r.input from pgflow.runs r where r.run_id = c.run_id)
        else pgflow._dependency_outputs(c.flow_slug, c.run_id, c.step_slug)
      end
    ) as i (input)
  ) as j;

  if failing is not null then
    perform pgflow._fail_steps(failing, array_fill('Condition not met'::text, array[cardinality(failing)]));
  end if;
  ended := pgflow._skip_steps(skipped, 'condition_unmet')
    || pgflow._skip_steps(cascading, 'condition_unmet', cascade => true);
end;
$$;

-- Locks the tasks whose attempt has ended without a result, where that attempt of that worker still holds
-- them, and decides: another attempt, after how many seconds, or exhausted. A lost attempt is accepted
-- from anybody once its lease has run out or its worker has stopped.
create or replace function pgflow._judge_failures(worker_id uuid, outcomes pgflow.outcome[])
returns table (
  task pgflow.task_ref, exhausted boolean, released boolean, message text, delay int
)
language plpgsql
set search_path to ''
as $$
begin
  return query
  with held as (
    select
      o.*, t.flow_slug, t.message_id, t.attempts_count, t.last_worker_id
    from unnest(outcomes) as o
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = o.run_id and x.step_slug = o.step_slug and x.task_index = o.task_index
      limit 1
    ) as at
    join pgflow.step_tasks t on t.ctid = at.ctid
    where (o.error is not null or o.released or o.lost)
      and t.status = 'started'
      and (o.attempt is null or t.attempts_count = o.attempt)
      and case
        when o.lost then t.lease_expires_at <= clock_timestamp() or pgflow._has_stopped(t.last_worker_id)
        else _judge_failures.worker_id is null or t.last_worker_id = _judge_failures.worker_id
      end
    order by o.run_id, o.step_slug, o.task_index
    for no key update of t
  )
  select
    row(h.flow_slug, h.run_id, h.step_slug, h.task_index, h.message_id, h.position)::pgflow.task_ref,
    coalesce(not h.released, true)
      and (coalesce(not h.retry, false) or h.attempts_count >= coalesce(s.opt_max_attempts, f.opt_max_attempts)),
    coalesce(h.released, false),
    case
      when h.lost then format(
        'attempt %s was lost: its worker died or held it beyond its time', h.attempts_count
      )
      else h.error
    end,
    case
      when h.lost or h.released then 0
      else coalesce(
        ceil(h.retry_in)::int,
        pgflow.calculate_retry_delay(coalesce(s.opt_base_delay, f.opt_base_delay), h.attempts_count)
      )
    end
  from held h
  join pgflow.steps s on s.flow_slug = h.flow_slug and s.step_slug = h.step_slug
  join pgflow.flows f on f.flow_slug = h.flow_slug;
end;
$$;

-- Decides what becomes of ready steps: a condition may skip or fail them, a map without elements
-- completes at once, the others are to be started. `ended` holds what was skipped or completed.
create or replace function pgflow._judge_ready_steps(
  ready pgflow.step_ref[], out ended pgflow.step_ref[], out startable pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
declare
  conditional pgflow.step_ref[];
  taskless pgflow.step_ref[];
  verdict record;
begin
  select
    array_agg(r) filter (where s.conditional),
    array_agg(r) filter (where not s.conditional and ss.initial_tasks = 0),
    array_agg(r) filter (where not s.conditional and ss.initial_tasks > 0)
  into conditional, taskless, startable
  from unnest(ready) as r
  cross join lateral (
    select x.status, x.initial_tasks from pgflow.step_states x
    where x.run_id = r.run_id and x.step_slug = r.step_slug
    limit 1
  ) as ss
  cross join lateral (
    select d.required_input_pattern is not null or d.forbidden_input_pattern is not null
    from pgflow.steps d
    where d.flow_slug = r.flow_slug and d.step_slug = r.step_slug
  ) as s (conditional)
  where ss.status = 'created';

  if conditional is not null then
    verdict := pgflow._judge_conditions(conditional);
    ended := verdict.ended;
    taskless := taskless || verdict.taskless;
    startable := startable || verdict.startable;
  end if;
  if taskless is not null then
    ended := ended || pgflow._complete_taskless_steps(taskless);
  end if;
end;
$$;

-- For each step of a flow the seconds for which a claimed task is leased: its timeout and two more.
create or replace function pgflow._leases(flow_slug text) returns jsonb
language plpgsql stable
set search_path to ''
as $$
begin
  return (
    select jsonb_object_agg(s.step_slug, coalesce(s.opt_timeout, f.opt_timeout) + 2)
    from pgflow.flows f
    join pgflow.steps s on s.flow_slug = f.flow_slug
    where f.flow_slug = _leases.flow_slug
  );
end;
$$;

-- Those of the tasks that a worker believes to hold which are not, or no longer, its own.
create or replace function pgflow._lost_tasks(worker_id uuid, held jsonb) returns jsonb
language sql stable
set search_path to ''
as $$
  select coalesce(jsonb_agg(h.task), '[]')
  from jsonb_array_elements(held) as h (task)
  where not exists (
    select from pgflow.step_tasks t
    where t.run_id = (h.task ->> 'run_id')::uuid
      and t.step_slug = h.task ->> 'step_slug'
      and t.task_index = (h.task ->> 'task_index')::int
      and t.status = 'started'
      and t.attempts_count = (h.task ->> 'attempt')::int
      and t.last_worker_id = _lost_tasks.worker_id
  )
$$;

-- The attempts that a task of this step has.
create or replace function pgflow._max_attempts(flow_slug text, step_slug text) returns int
language plpgsql stable
set search_path to ''
as $$
begin
  return (
    select coalesce(s.opt_max_attempts, f.opt_max_attempts)
    from pgflow.steps s
    join pgflow.flows f on f.flow_slug = s.flow_slug
    where s.flow_slug = _max_attempts.flow_slug and s.step_slug = _max_attempts.step_slug
  );
end;
$$;

-- The tasks that messages name, in parallel arrays. What is no task's name becomes null: anybody may have
-- put anything into a queue.
create or replace function pgflow._message_keys(
  messages jsonb[], out run_ids uuid[], out step_slugs text[], out task_indexes int[]
)
language plpgsql
set search_path to ''
as $$
begin
  select
    array_agg(case
      when m.message ->> 'run_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (m.message ->> 'run_id')::uuid
    end order by m.n),
    array_agg(m.message ->> 'step_slug' order by m.n),
    array_agg(case
      when m.message ->> 'task_index' ~ '^[0-9]{1,9}$' then (m.message ->> 'task_index')::int
    end order by m.n)
  into run_ids, step_slugs, task_indexes
  from unnest(messages) with ordinality as m (message, n);
end;
$$;

-- A condition's pattern as shape JSON writes it.
create or replace function pgflow._pattern_shape(pattern jsonb) returns jsonb
language sql immutable parallel safe
as $$
  select case
    when pattern is null then jsonb_build_object('defined', false)
    else jsonb_build_object('defined', true, 'value', pattern)
  end
$$;

-- Removes messages that were archived before the cutoff from every flow's archive.
create or replace function pgflow._prune_archives(cutoff timestamptz) returns bigint
language plpgsql
set search_path to ''
as $$
declare
  slug text;
  removed bigint;
  total bigint := 0;
begin
  for slug in select f.flow_slug from pgflow.flows f loop
    execute format('delete from pgmq.%I as a where a.archived_at < $1', 'a_' || pgflow.queue_name(slug))
    using cutoff;
    get diagnostics removed = row_count;
    total := total + removed;
  end loop;
  return total;
end;
$$;

-- Inserts a task per element of the array that a map step runs over: the run's input, or the output
-- of its one dependency. The element is copied into its task, so that a claim never has to read the
-- whole array again.
create or replace function pgflow._queue_map_tasks(
  flow_slug text, run_id uuid, step_slug text, delay int
) returns void
language plpgsql
set search_path to ''
as $$
declare
  source jsonb;
  elements jsonb[];
begin
  select p.output into source
  from pgflow.deps d
  join pgflow.step_states p on p.run_id = _queue_map_tasks.run_id and p.step_slug = d.dep_slug
  where d.flow_slug = _queue_map_tasks.flow_slug and d.step_slug = _queue_map_tasks.step_slug;
  if not found then
    select r.input into source from pgflow.runs r where r.run_id = _queue_map_tasks.run_id;
  end if;

  elements := array(select jsonb_array_elements(source));
  perform pgflow._queue_tasks(
    flow_slug,
    array_fill(run_id, array[cardinality(elements)]),
    array_fill(step_slug, array[cardinality(elements)]),
    array(select generate_series(0, cardinality(elements) - 1)),
    elements,
    delay
  );
end;
$$;

-- Inserts tasks of one flow together with their messages; the arrays run in parallel.
create or replace function pgflow._queue_tasks(
  flow_slug text, run_ids uuid[], step_slugs text[], task_indexes int[], inputs jsonb[], delay int
) returns void
language plpgsql
set search_path to ''
as $$
begin
  insert into pgflow.step_tasks (flow_slug, run_id, step_slug, task_index, input, message_id)
  select _queue_tasks.flow_slug, t.run_id, t.step_slug, t.task_index, t.input, t.message_id
  from unnest(
    run_ids, step_slugs, task_indexes, inputs,
    pgflow._send_messages(flow_slug, run_ids, step_slugs, task_indexes, delay)
  ) as t (run_id, step_slug, task_index, input, message_id);
end;
$$;

-- A field of a step's shape in quotes. A field left out means its default.
create or replace function pgflow._quoted(step jsonb, field text) returns text
language sql immutable parallel safe
as $$
  select '''' || coalesce(
    step ->> field,
    case field
      when 'stepType' then 'single'
      when 'whenUnmet' then 'skip'
      when 'whenExhausted' then 'fail'
      when 'requiredInputPattern' then '{"defined": false}'
      when 'forbiddenInputPattern' then '{"defined": false}'
    end,
    ''
  ) || ''''
$$;

-- Reads up to `quantity` due messages of a flow, the longest due first, and hides them for the lease of their
-- tasks: one write per claim. Messages that another transaction holds are passed over. The time is a
-- parameter, because an index can be used up to a constant but not up to a volatile function.
create or replace function pgflow._read_due_messages(flow_slug text, quantity int)
returns table (msg_id bigint, message jsonb)
language plpgsql
set search_path to ''
as $$
begin
  return query execute format(
    $query$
      update pgmq.%1$I as m
      set vt = $1 + make_interval(secs => coalesce(($3 ->> (m.message ->> 'step_slug'))::int, 1)),
        read_ct = m.read_ct + 1
      where m.ctid = any (array(
        select d.ctid from pgmq.%1$I as d
        where d.vt <= $1
        order by d.vt
        limit $2
        for update skip locked
      ))
      returning m.msg_id, m.message
    $query$,
    'q_' || pgflow.queue_name(flow_slug)
  ) using clock_timestamp(), quantity, pgflow._leases(flow_slug);
end;
$$;

-- The outcomes of a report, in order.
create or replace function pgflow._read_report(report jsonb) returns pgflow.outcome[]
language plpgsql immutable
set search_path to ''
as $$
begin
  return (
    select array(
      select row(
        o.run_id, o.step_slug, o.task_index, o.attempt, o.output, o.error, o.retry, o.retry_in,
        o.released, o.lost, o.n
      )::pgflow.outcome
      from rows from (
        jsonb_to_recordset(report) as (
          run_id uuid, step_slug text, task_index int, attempt int, output jsonb, error text,
          retry boolean, retry_in numeric, released boolean, lost boolean
        )
      ) with ordinality as o (
        run_id, step_slug, task_index, attempt, output, error, retry, retry_in, released, lost, n
      )
    )
  );
end;
$$;

-- The advisory lock of whoever looks after dead workers.
create or replace function pgflow._recovery_key() returns bigint
language sql immutable parallel safe
as $$
  select 8099571224913403
$$;

-- Refused outcomes as records: a record without a message is no task.
create or replace function pgflow._refusals(refused pgflow.outcome[])
returns setof pgflow.step_task_record
language plpgsql stable
set search_path to ''
as $$
begin
  return query
  select
    r.flow_slug, o.run_id, o.step_slug, null::jsonb, null::bigint, o.task_index, null::jsonb, o.attempt,
    null::int, null::int
  from unnest(refused) as o
  left join pgflow.runs r on r.run_id = o.run_id;
end;
$$;

-- Raises when a stored step differs from the definition given, naming every difference.
create or replace function pgflow._refuse_other_definition(
  step pgflow.steps,
  parents text[],
  step_type text,
  required_input_pattern jsonb,
  forbidden_input_pattern jsonb,
  when_unmet text,
  when_exhausted text
) returns void
language plpgsql
set search_path to ''
as $$
declare
  stored_parents constant text[] := array(
    select d.dep_slug from pgflow.deps d
    where d.flow_slug = step.flow_slug and d.step_slug = step.step_slug
    order by 1
  );
  differences text;
begin
  select string_agg(format('%s is %s, not %s', d.what, d.stored, d.given), '; ')
  into differences
  from (values
    ('dependencies', '[' || array_to_string(stored_parents, ', ') || ']',
      '[' || array_to_string(parents, ', ') || ']'),
    ('type', step.step_type, coalesce(step_type, 'single')),
    ('required_input_pattern', step.required_input_pattern::text, required_input_pattern::text),
    ('forbidden_input_pattern', step.forbidden_input_pattern::text, forbidden_input_pattern::text),
    ('when_unmet', step.when_unmet, coalesce(when_unmet, 'skip')),
    ('when_exhausted', step.when_exhausted, coalesce(when_exhausted, 'fail'))
  ) as d (what, stored, given)
  where d.stored is distinct from d.given;

  if differences is not null then
    raise exception 'step "%" of flow "%" exists with another definition: %',
      step.step_slug, step.flow_slug, differences
      using errcode = 'PF005', hint = 'A definition is immutable: use a new flow slug.';
  end if;
end;
$$;

-- Raises PF003 when a run that exists already belongs to another flow or has another input.
create or replace function pgflow._refuse_other_run(flow_slug text, ids uuid[], inputs jsonb[])
returns void
language plpgsql
set search_path to ''
as $$
declare
  other pgflow.runs;
begin
  select r.* into other
  from unnest(ids, inputs) as given (id, input)
  join pgflow.runs r on r.run_id = given.id
  where r.flow_slug <> _refuse_other_run.flow_slug or r.input <> given.input
  limit 1;

  if found then
    raise exception 'run % exists already with another %', other.run_id,
      case when other.flow_slug = flow_slug then 'input' else 'flow, "' || other.flow_slug || '"' end
      using errcode = 'PF003', hint = 'A run_id is an idempotency key: use a new one.';
  end if;
end;
$$;

-- Raises when the input of a flow with root maps is no array.
create or replace function pgflow._refuse_unmappable_input(flow_slug text, input jsonb) returns void
language plpgsql
set search_path to ''
as $$
begin
  if jsonb_typeof(input) = 'array' or not exists (
    select from pgflow.steps s
    where s.flow_slug = _refuse_unmappable_input.flow_slug
      and s.step_type = 'map' and s.deps_count = 0
  ) then
    return;
  end if;

  if input is null then
    raise exception 'Flow % has root map steps but input is NULL', flow_slug using errcode = 'PF006';
  end if;
  raise exception 'Flow % has root map steps but input is not an array (got %)',
    flow_slug, jsonb_typeof(input) using errcode = 'PF006';
end;
$$;

-- Opens the failed and cancelled steps of a run again: those with tasks are started, the others created.
-- Returns the created ones that wait for nothing.
create or replace function pgflow._reopen_steps(run_id uuid) returns pgflow.step_ref[]
language sql
set search_path to ''
as $$
  with reopened as (
    update pgflow.step_states s
    set status = case when s.started_at is null then 'created' else 'started' end,
      error_message = null, failed_at = null
    where s.run_id = _reopen_steps.run_id and s.status in ('failed', 'cancelled')
    returning s.flow_slug, s.run_id, s.step_slug, s.status, s.remaining_deps
  )
  select array_agg(row(r.flow_slug, r.run_id, r.step_slug)::pgflow.step_ref)
  from reopened r where r.status = 'created' and r.remaining_deps = 0
$$;

-- Applies a report: completed, failed, lost and released attempts of any number of runs and flows. Locks
-- the runs first, in order; every outcome is judged under that lock, so of two reports that race the
-- second finds what the first has left. Returns the outcomes that were refused and the flows touched.
create or replace function pgflow._report(
  worker_id uuid, report jsonb, out refused pgflow.outcome[], out flow_slugs text[]
)
language plpgsql
set search_path to ''
as $$
declare
  outcomes constant pgflow.outcome[] := pgflow._read_report(report);
  hit pgflow.task_ref[];
  failures record;
  ended pgflow.step_ref[];
begin
  perform from pgflow.runs r
  where r.run_id = any (array(select o.run_id from unnest(outcomes) as o))
  order by r.run_id
  for no key update;

  hit := pgflow._complete_tasks(worker_id, outcomes);
  ended := pgflow._complete_steps(hit);

  if cardinality(hit) < cardinality(outcomes) then
    hit := hit || pgflow._fail_type_violations(worker_id, outcomes);
    failures := pgflow._fail_tasks(worker_id, outcomes);
    hit := hit || failures.hit;
    ended := ended || failures.skipped;
  end if;
  if cardinality(ended) > 0 then
    perform pgflow._advance(ended, '{}');
  end if;

  if cardinality(hit) < cardinality(outcomes) then
    refused := array(
      select o from unnest(outcomes) as o
      where o.position <> all (array(select h.position from unnest(hit) as h))
    );
    perform pgflow._archive_late_messages(refused);
  end if;
  flow_slugs := array(select distinct h.flow_slug from unnest(hit) as h);
end;
$$;

-- Queues the failed and cancelled tasks of a run's open steps anew, with fresh attempts and new messages.
create or replace function pgflow._requeue_closed_tasks(flow_slug text, run_id uuid) returns void
language plpgsql
set search_path to ''
as $$
declare
  slugs text[];
  indexes int[];
begin
  select array_agg(t.step_slug), array_agg(t.task_index) into slugs, indexes
  from pgflow.step_states s
  join pgflow.step_tasks t on t.run_id = s.run_id and t.step_slug = s.step_slug
  where s.run_id = _requeue_closed_tasks.run_id and s.status = 'started'
    and t.status in ('failed', 'cancelled');
  if slugs is null then
    return;
  end if;

  update pgflow.step_tasks t
  set status = 'queued', attempts_count = 0, requeued_count = 0, message_id = m.message_id,
    queued_at = clock_timestamp(), started_at = null, failed_at = null, output = null,
    permanently_stalled_at = null
  from unnest(
    slugs, indexes,
    pgflow._send_messages(
      _requeue_closed_tasks.flow_slug, array_fill(_requeue_closed_tasks.run_id, array[cardinality(slugs)]), slugs, indexes, 0
    )
  ) as m (step_slug, task_index, message_id)
  where t.run_id = _requeue_closed_tasks.run_id
    and t.step_slug = m.step_slug and t.task_index = m.task_index;
end;
$$;

-- Puts one stalled task back into the queue, or fails it for good when that has not helped three times.
create or replace function pgflow._requeue_stalled_task(task pgflow.task_ref, hopeless boolean)
returns void
language plpgsql
set search_path to ''
as $$
begin
  if hopeless then
    update pgflow.step_tasks t set permanently_stalled_at = clock_timestamp()
    where t.run_id = task.run_id and t.step_slug = task.step_slug and t.task_index = task.task_index;
    perform from pgflow.report_tasks(null, jsonb_build_array(jsonb_build_object(
      'run_id', task.run_id, 'step_slug', task.step_slug, 'task_index', task.task_index,
      'error', 'stalled: requeued three times and never finished', 'retry', false
    )));
    return;
  end if;

  update pgflow.step_tasks t
  set status = 'queued', started_at = null, lease_expires_at = null,
    requeued_count = t.requeued_count + 1, last_requeued_at = clock_timestamp()
  where t.run_id = task.run_id and t.step_slug = task.step_slug and t.task_index = task.task_index
    and t.status = 'started';
  perform pgflow._delay_messages(array[task], array[0]);
  perform pgflow._wake_workers(array[task.flow_slug]);
end;
$$;

-- Sends an event: on channel pgflow_run where the run is watched, and through realtime.send where it exists. Sending never fails a transition.
create or replace function pgflow._send_event(run_id uuid, event text, payload jsonb) returns void
language plpgsql
set search_path to ''
as $$
begin
  perform pg_notify('pgflow_run', case
    when octet_length(payload::text) < 7500 then payload::text
    else pgflow._shortened(payload)::text
  end)
  where exists (
    select from pgflow.run_watches w
    where w.run_id in (_send_event.run_id, '00000000-0000-0000-0000-000000000000')
  );

  if pgflow._has_realtime() then
    execute 'select realtime.send($1, $2, $3, false)'
    using payload, event, 'pgflow:run:' || run_id;
  end if;
exception when others then
  raise warning 'event % of run % was not sent: %', event, run_id, sqlerrm;
end;
$$;

-- Sends one message per task and returns the message ids in the same order.
create or replace function pgflow._send_messages(
  flow_slug text, run_ids uuid[], step_slugs text[], task_indexes int[], delay int
) returns bigint[]
language plpgsql
set search_path to ''
as $$
begin
  return (
    select array(
      select * from pgmq.send_batch(
        pgflow.queue_name(flow_slug),
        array(
          select jsonb_build_object(
            'flow_slug', flow_slug, 'run_id', t.run_id, 'step_slug', t.step_slug,
            'task_index', t.task_index
          )
          from unnest(run_ids, step_slugs, task_indexes) with ordinality
            as t (run_id, step_slug, task_index, n)
          order by t.n
        ),
        delay
      )
    )
  );
end;
$$;

-- The class of the advisory locks that transactions hold which have sent work.
create or replace function pgflow._sending_key() returns int
language sql immutable parallel safe
as $$
  select 1885828968
$$;

-- Looks after messages whose task this claim could not start. The task has ended, or there never was one: the
-- message is archived. The task is another's: the message stays hidden until that lease ends. Its
-- last attempt was lost: it is returned, with attempt > max_attempts, to be reported so.
create or replace function pgflow._settle_unstarted(
  worker_id uuid, flow_slug text,
  msg_ids bigint[], run_ids uuid[], step_slugs text[], task_indexes int[]
) returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  left_over record;
begin
  for left_over in
    select
      m.msg_id, m.run_id, m.step_slug, m.task_index, t.attempts_count,
      t.message_id is distinct from m.msg_id or t.status not in ('queued', 'started') as stale,
      t.lease_expires_at <= clock_timestamp() as lost,
      pgflow._max_attempts(t.flow_slug, t.step_slug) as max_attempts,
      greatest(1, ceil(extract(epoch from t.lease_expires_at - clock_timestamp())))::int as hidden_for
    from unnest(msg_ids, run_ids, step_slugs, task_indexes) as m (msg_id, run_id, step_slug, task_index)
    left join pgflow.step_tasks t
      on t.run_id = m.run_id and t.step_slug = m.step_slug and t.task_index = m.task_index
    where not (
      t.status is not distinct from 'started' and t.message_id = m.msg_id
      and t.last_worker_id = _settle_unstarted.worker_id and t.lease_expires_at > clock_timestamp()
    )
  loop
    if left_over.stale then
      perform pgmq.archive(pgflow.queue_name(flow_slug), array[left_over.msg_id]);
    elsif left_over.lost and left_over.attempts_count >= left_over.max_attempts then
      return next row(
        flow_slug, left_over.run_id, left_over.step_slug, null, left_over.msg_id, left_over.task_index,
        null, left_over.attempts_count + 1, left_over.max_attempts, 0
      )::pgflow.step_task_record;
    else
      perform from pgflow.set_vt_batch(
        pgflow.queue_name(flow_slug), array[left_over.msg_id], array[coalesce(left_over.hidden_for, 1)]
      );
    end if;
  end loop;
end;
$$;

-- A payload that fits into a notification, which holds 8,000 bytes: without input and output, which the listener
-- fetches, and with the beginning of a long error message.
create or replace function pgflow._shortened(payload jsonb) returns jsonb
language sql immutable
set search_path to ''
as $$
  select payload - 'input' - 'output' || '{"truncated": true}'
    || case when payload ? 'error_message'
      then jsonb_build_object('error_message', left(payload ->> 'error_message', 1000)) else '{}' end
$$;

-- Workers that should have shown a sign of life by now: a heartbeat comes every 1.5 seconds. After a start of the
-- server they get ten seconds to come back.
create or replace function pgflow._silent_workers() returns setof pgflow.workers
language sql stable
set search_path to ''
as $$
  select w.* from pgflow.workers w
  where w.stopped_at is null
    and w.last_heartbeat_at < clock_timestamp() - interval '2 seconds'
    and pg_postmaster_start_time() < clock_timestamp() - interval '10 seconds'
$$;

-- Skips steps, and with `cascade` everything that descends from them; returns all that it skipped.
-- Open tasks of a skipped step are skipped with it. Steps that have ended already stay as they are.
create or replace function pgflow._skip_steps(
  refs pgflow.step_ref[], reason text, cascade boolean default false, messages text[] default null
) returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  skipped pgflow.step_ref[];
begin
  if coalesce(cardinality(refs), 0) = 0 then
    return '{}';
  end if;

  with doomed as (
    select r.flow_slug, r.run_id, r.step_slug, reason as reason, m.message
    from unnest(refs) with ordinality as r (flow_slug, run_id, step_slug, n)
    left join unnest(messages) with ordinality as m (message, n) using (n)
    union all
    select d.flow_slug, d.run_id, d.step_slug, 'dependency_skipped', null
    from pgflow._descendants(refs) as d
    where cascade
  ),
  changed as (
    update pgflow.step_states s
    set status = 'skipped', skip_reason = doomed.reason, error_message = doomed.message,
      remaining_tasks = null,
      skipped_at = greatest(clock_timestamp(), s.created_at, s.started_at)
    from (
      select distinct on (d.run_id, d.step_slug) * from doomed d
      order by d.run_id, d.step_slug, d.reason = 'dependency_skipped'
    ) as doomed
    where s.run_id = doomed.run_id and s.step_slug = doomed.step_slug
      and s.status in ('created', 'started')
    returning s.flow_slug, s.run_id, s.step_slug
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref) into skipped
  from changed c;

  perform pgflow._close_tasks(skipped, 'skipped');
  perform pgflow._announce_steps(skipped, 'skipped');
  return coalesce(skipped, '{}');
end;
$$;

-- Inserts runs with a state per step and starts what is ready; returns the ids that are new.
-- With `idempotent`, ids that exist are passed over. Locks only rows that it has inserted.
create or replace function pgflow._start_runs(
  flow_slug text, ids uuid[], inputs jsonb[], delay int default null, idempotent boolean default false
) returns uuid[]
language plpgsql
set search_path to ''
as $$
declare
  slug constant text := flow_slug;
  step_count constant int := (select count(*) from pgflow.steps s where s.flow_slug = slug);
  fresh uuid[];
  roots pgflow.step_ref[];
begin
  with inserted as (
    insert into pgflow.runs (run_id, flow_slug, input, remaining_steps)
    select given.id, slug, given.input, step_count
    from unnest(ids, inputs) as given (id, input)
    where not idempotent
      or not exists (select from pgflow.runs r where r.run_id = given.id)
    order by given.id
    on conflict on constraint runs_pkey do nothing
    returning run_id
  )
  select coalesce(array_agg(i.run_id), '{}') into fresh from inserted i;
  if cardinality(fresh) < cardinality(ids) and not idempotent then
    raise unique_violation using
      message = format('run %s exists already', ids[1]),
      hint = 'Call start_flows for an idempotent start.';
  end if;

  with inserted as (
    insert into pgflow.step_states (flow_slug, run_id, step_slug, remaining_deps, initial_tasks)
    select slug, r.run_id, s.step_slug, s.deps_count,
      case
        when s.step_type = 'single' then 1
        when s.deps_count = 0 then jsonb_array_length(r.input)
      end
    from unnest(fresh) as f (run_id)
    join pgflow.runs r on r.run_id = f.run_id
    cross join pgflow.steps s
    where s.flow_slug = slug
    order by r.run_id, s.step_index
    returning run_id, step_slug, remaining_deps
  )
  select array_agg(row(slug, i.run_id, i.step_slug)::pgflow.step_ref) into roots
  from inserted i where i.remaining_deps = 0;

  perform pgflow._announce_runs(fresh, 'started');
  perform pgflow._advance('{}', roots, case when step_count = 0 then fresh end, delay);
  perform pgflow._wake_workers(array[slug]);
  return fresh;
end;
$$;

-- Starts ready steps: created -> started, tasks and messages inserted. Steps of a run that has failed
-- meanwhile are no longer `created` and stay as they are. `delay` is added to the root steps' own.
create or replace function pgflow._start_steps(refs pgflow.step_ref[], delay int default null)
returns void
language plpgsql
set search_path to ''
as $$
declare
  started pgflow.step_ref[];
  batch record;
begin
  if coalesce(cardinality(refs), 0) = 0 then
    return;
  end if;

  with changed as (
    update pgflow.step_states s
    set status = 'started', remaining_tasks = s.initial_tasks,
      started_at = greatest(clock_timestamp(), s.created_at)
    from unnest(refs) as r
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = r.run_id and x.step_slug = r.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status = 'created'
    returning s.flow_slug, s.run_id, s.step_slug
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref order by c.step_slug)
  into started from changed c;
  if started is null then
    return;
  end if;

  perform pgflow._announce_steps(started, 'started');

  for batch in
    select
      s.flow_slug, s.step_type, coalesce(s.opt_start_delay, 0) + coalesce(_start_steps.delay, 0) as delay,
      array_agg(r.run_id order by r.run_id, s.step_index) as run_ids,
      array_agg(r.step_slug order by r.run_id, s.step_index) as step_slugs
    from unnest(started) as r
    join pgflow.steps s on s.flow_slug = r.flow_slug and s.step_slug = r.step_slug
    group by 1, 2, 3
  loop
    if batch.step_type = 'single' then
      perform pgflow._queue_tasks(
        batch.flow_slug, batch.run_ids, batch.step_slugs,
        array_fill(0, array[cardinality(batch.run_ids)]),
        array_fill(null::jsonb, array[cardinality(batch.run_ids)]), batch.delay
      );
    else
      perform pgflow._queue_map_tasks(batch.flow_slug, r.run_id, r.step_slug, batch.delay)
      from unnest(batch.run_ids, batch.step_slugs) as r (run_id, step_slug);
    end if;
  end loop;
end;
$$;

-- Starts the tasks of messages that were read: queued ones, and started ones whose lease has run out. Returns
-- exactly those; what another transaction holds is passed over. A task whose last attempt was lost is
-- not started but returned with attempt > max_attempts, for its reader to report as lost.
create or replace function pgflow._start_tasks(
  worker_id uuid, flow_slug text, msg_ids bigint[], messages jsonb[]
) returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  keys record;
  started int;
begin
  keys := pgflow._message_keys(messages);

  return query
  with message as (
    select * from unnest(msg_ids, keys.run_ids, keys.step_slugs, keys.task_indexes)
      as m (msg_id, run_id, step_slug, task_index)
  ),
  startable as materialized (
    select t.ctid
    from message m
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = m.run_id and x.step_slug = m.step_slug and x.task_index = m.task_index
      limit 1
    ) as at
    join pgflow.step_tasks t on t.ctid = at.ctid
    where t.message_id = m.msg_id
      and (
        t.status = 'queued'
        or t.status = 'started' and t.lease_expires_at <= clock_timestamp()
          and t.attempts_count < pgflow._max_attempts(t.flow_slug, t.step_slug)
      )
    for no key update of t skip locked
  ),
  started as (
    update pgflow.step_tasks t
    set status = 'started', attempts_count = t.attempts_count + 1,
      started_at = greatest(clock_timestamp(), t.queued_at),
      lease_expires_at = clock_timestamp()
        + make_interval(secs => coalesce(s.opt_timeout, f.opt_timeout) + 2),
      last_worker_id = _start_tasks.worker_id
    from pgflow.steps s, pgflow.flows f
    where t.ctid = any (array(select c.ctid from startable c))
      and s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
      and f.flow_slug = t.flow_slug
    returning
      t.flow_slug, t.run_id, t.step_slug, t.input, t.message_id, t.task_index, t.attempts_count,
      s.step_type, s.deps_count,
      coalesce(s.opt_max_attempts, f.opt_max_attempts) as max_attempts,
      coalesce(s.opt_timeout, f.opt_timeout) as timeout
  )
  select
    t.flow_slug, t.run_id, t.step_slug,
    case
      when t.step_type = 'map' then t.input
      when t.deps_count = 0 then '{}'
      else coalesce(
        (
          select jsonb_object_agg(d.dep_slug, p.output)
          from pgflow.deps d
          join pgflow.step_states p on p.run_id = t.run_id and p.step_slug = d.dep_slug
          where d.flow_slug = t.flow_slug and d.step_slug = t.step_slug and p.status = 'completed'
        ),
        '{}'
      )
    end,
    t.message_id, t.task_index,
    case
      when t.step_type = 'single' and t.deps_count = 0
      then (select r.input from pgflow.runs r where r.run_id = t.run_id)
    end,
    t.attempts_count, t.max_attempts, t.timeout
  from started t;
  get diagnostics started = row_count;

  if started < cardinality(msg_ids) then
    return query
    select * from pgflow._settle_unstarted(
      worker_id, flow_slug, msg_ids, keys.run_ids, keys.step_slugs, keys.task_indexes
    );
  end if;
end;
$$;

-- The payload of a step's event. A step that never had a task says in `completed` that it started, too.
create or replace function pgflow._step_event(state pgflow.step_states, event text) returns jsonb
language sql stable
set search_path to ''
as $$
  select jsonb_build_object(
    'event_type', 'step:' || event, 'run_id', state.run_id, 'step_slug', state.step_slug,
    'status', state.status
  ) || case event
    when 'started' then jsonb_build_object(
      'started_at', state.started_at, 'remaining_tasks', state.remaining_tasks,
      'remaining_deps', state.remaining_deps
    )
    when 'completed' then
      jsonb_build_object('output', state.output, 'completed_at', state.completed_at)
      || case when state.initial_tasks = 0 then jsonb_build_object(
        'started_at', state.started_at, 'remaining_tasks', 0, 'remaining_deps', 0
      ) else '{}' end
    when 'failed' then jsonb_build_object(
      'error_message', state.error_message, 'failed_at', state.failed_at
    )
    else
      jsonb_build_object(
        'flow_slug', state.flow_slug, 'skip_reason', state.skip_reason, 'skipped_at', state.skipped_at
      )
      || case when state.skip_reason = 'handler_failed'
        then jsonb_build_object('error_message', state.error_message) else '{}' end
  end
$$;

-- The step of each task, in order.
create or replace function pgflow._steps_of(tasks pgflow.task_ref[]) returns pgflow.step_ref[]
language plpgsql immutable
set search_path to ''
as $$
begin
  return (
    select array_agg(row(t.flow_slug, t.run_id, t.step_slug)::pgflow.step_ref order by t.n)
    from unnest(tasks) with ordinality
      as t (flow_slug, run_id, step_slug, task_index, message_id, "position", n)
  );
end;
$$;

-- Takes ended steps off their dependents' counts, sizes dependent maps (a map's own tasks, an array's length,
-- none when the step was skipped), and returns the dependents that have become ready.
create or replace function pgflow._unlock_dependents(ended pgflow.step_ref[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  ready pgflow.step_ref[];
begin
  with child as (
    select
      e.run_id, d.step_slug, count(*)::int as parents,
      max(case when c.step_type = 'map' then (
        select case
          when p.status = 'skipped' then 0
          else coalesce(jsonb_array_length(p.output), 0)
        end
        from pgflow.step_states p where p.run_id = e.run_id and p.step_slug = e.step_slug
      ) end) as size
    from unnest(ended) as e
    join pgflow.deps d on d.flow_slug = e.flow_slug and d.dep_slug = e.step_slug
    join pgflow.steps c on c.flow_slug = d.flow_slug and c.step_slug = d.step_slug
    group by e.run_id, d.step_slug
  ),
  unlocked as (
    update pgflow.step_states s
    set remaining_deps = s.remaining_deps - child.parents,
      initial_tasks = coalesce(s.initial_tasks, child.size)
    from child
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = child.run_id and x.step_slug = child.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status = 'created'
    returning s.flow_slug, s.run_id, s.step_slug, s.remaining_deps
  )
  select array_agg(row(u.flow_slug, u.run_id, u.step_slug)::pgflow.step_ref) into ready
  from unlocked u where u.remaining_deps = 0;
  return ready;
end;
$$;

-- Wakes idle workers that serve these flows, once per transaction and flow, and only if there are any: a
-- NOTIFY takes a global lock at commit. Nobody is missed: this transaction first shows that it is
-- sending (until it ends), then looks for the hungry; a worker first shows its hunger, then looks
-- for those who are sending. Whichever comes second sees the other.
create or replace function pgflow._wake_workers(flow_slugs text[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  slug text;
begin
  foreach slug in array coalesce(flow_slugs, '{}') loop
    perform pg_advisory_xact_lock_shared(pgflow._sending_key(), hashtext(slug));
    if pg_try_advisory_lock(pgflow._hunger_key(), hashtext(slug)) then
      perform pg_advisory_unlock(pgflow._hunger_key(), hashtext(slug));
    else
      perform pg_notify('pgflow_work', slug);
    end if;
  end loop;
end;
$$;

-- Those of the runs whose events somebody wants, null when there are none. A watch on the zero uuid is for all
-- runs. Where Supabase's realtime is, every run has an audience.
create or replace function pgflow._watched(run_ids uuid[]) returns uuid[]
language plpgsql stable
set search_path to ''
as $$
begin
  if cardinality(run_ids) > 0 and (
    pgflow._has_realtime()
    or exists (
      select from pgflow.run_watches w
      where w.run_id = '00000000-0000-0000-0000-000000000000' and w.expires_at > clock_timestamp()
    )
  ) then
    return run_ids;
  end if;

  return (
    select array_agg(distinct w.run_id) from pgflow.run_watches w
    where w.run_id = any (run_ids) and w.expires_at > clock_timestamp()
  );
end;
$$;

-- The key of a worker's session lock.
create or replace function pgflow._worker_key(worker_id uuid) returns bigint
language sql immutable parallel safe
as $$
  select hashtextextended(worker_id::text, 7267)
$$;

-- Removes what ended longer ago than that: runs with their states and tasks, archived messages, workers. Unfinished
-- runs are never touched. Works through at most `max_runs` runs a call (all, when null): an operator
-- who calls it until it removes nothing keeps every transaction short. Returns what it removed.
create or replace function pgflow.prune_data_older_than(
  retention_interval interval, max_runs int default null,
  out runs bigint, out step_states bigint, out step_tasks bigint, out archived_messages bigint,
  out workers bigint
)
language plpgsql
set search_path to ''
as $$
declare
  cutoff constant timestamptz := now() - retention_interval;
  doomed uuid[];
begin
  doomed := array(
    select r.run_id from pgflow.runs r
    where r.started_at < cutoff and r.status <> 'started'
      and coalesce(r.completed_at, r.failed_at, r.cancelled_at) < cutoff
    order by r.run_id
    limit max_runs
    for update skip locked
  );

  delete from pgflow.step_tasks t where t.run_id = any (doomed);
  get diagnostics step_tasks = row_count;
  delete from pgflow.step_states s where s.run_id = any (doomed);
  get diagnostics step_states = row_count;
  delete from pgflow.runs r where r.run_id = any (doomed);
  get diagnostics runs = row_count;
  delete from pgflow.workers w
  where coalesce(w.stopped_at, w.last_heartbeat_at) < cutoff and w.last_heartbeat_at < cutoff;
  get diagnostics workers = row_count;
  archived_messages := pgflow._prune_archives(cutoff);
end;
$$;

-- For operators and cron; workers do the same continuously and sooner. Tasks that started longer ago than their
-- timeout and thirty seconds go back to the queue, three times at most; then they fail for good,
-- through the normal path. Returns the number of tasks.
create or replace function pgflow.requeue_stalled_tasks() returns int
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  stalled record;
  total int := 0;
begin
  for stalled in
    select r.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, t.attempts_count,
      t.requeued_count >= 3 as hopeless
    from pgflow.runs r
    join pgflow.flows f on f.flow_slug = r.flow_slug
    join pgflow.step_tasks t on t.run_id = r.run_id
    join pgflow.steps s on s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
    where r.status = 'started' and t.status = 'started'
      and t.started_at
        < clock_timestamp() - make_interval(secs => coalesce(s.opt_timeout, f.opt_timeout) + 30)
    order by t.run_id, t.step_slug, t.task_index
    for no key update of r
  loop
    perform pgflow._requeue_stalled_task(
      row(stalled.flow_slug, stalled.run_id, stalled.step_slug, stalled.task_index,
        stalled.message_id, null)::pgflow.task_ref,
      stalled.hopeless
    );
    total := total + 1;
  end loop;
  return total;
end;
$$;

-- Seconds before the next attempt: base x 2^(attempts - 1), at most one hour. Attempts count from 1.
create or replace function pgflow.calculate_retry_delay(base_delay numeric, attempts_count int)
returns int
language sql immutable parallel safe
as $$
  select floor(least(3600, base_delay * power(2::numeric, least(greatest(attempts_count, 1) - 1, 40))))::int
$$;

-- Cancels a run: nothing of it is handed out any more, and workers that hold one of its tasks are told. A run
-- that has ended is returned unchanged. Raises PF002 for an unknown run.
create or replace function pgflow.cancel_run(run_id uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
begin
  perform from pgflow.runs r where r.run_id = cancel_run.run_id for no key update;
  if not found then
    raise exception 'run % does not exist', run_id using errcode = 'PF002';
  end if;

  perform pgflow._end_runs(array[run_id], 'cancelled');
  return query select r.* from pgflow.runs r where r.run_id = cancel_run.run_id;
end;
$$;

-- Claims up to `quantity` tasks of the flows, served in the given order: each gets an even share, and what is left
-- over goes to those that had more. Fewer rows than asked for mean that the queues are empty. Never
-- waits for a lock; of workers that race each gets other tasks.
create or replace function pgflow.claim_tasks(worker_id uuid, flow_slugs text[], quantity int)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  asked text[] := flow_slugs;
  with_more text[];
  remaining int := quantity;
  share int;
  claimed int;
begin
  while remaining > 0 and cardinality(asked) > 0 loop
    with_more := '{}';
    for i in 1 .. cardinality(asked) loop
      share := ceil(remaining::numeric / (cardinality(asked) - i + 1));
      exit when share = 0;
      return query select * from pgflow._claim_from(worker_id, asked[i], share);
      get diagnostics claimed = row_count;
      remaining := remaining - claimed;
      if claimed = share then
        with_more := with_more || asked[i];
      end if;
    end loop;
    asked := with_more;
  end loop;
end;
$$;

-- Completes one task, without a fence. A late or repeated call changes nothing. Returns the task.
create or replace function pgflow.complete_task(
  run_id uuid, step_slug text, task_index int, output jsonb
) returns setof pgflow.step_tasks
language plpgsql
set search_path to ''
as $$
begin
  perform from pgflow.report_tasks(null, jsonb_build_array(jsonb_build_object(
    'run_id', run_id, 'step_slug', step_slug, 'task_index', task_index, 'output', output
  )));
  return query
  select t.* from pgflow.step_tasks t
  where t.run_id = complete_task.run_id and t.step_slug = complete_task.step_slug
    and t.task_index = complete_task.task_index;
end;
$$;

-- Fails one attempt of a task, without a fence. A late or repeated call changes nothing. Returns the task.
create or replace function pgflow.fail_task(
  run_id uuid, step_slug text, task_index int, error_message text
) returns setof pgflow.step_tasks
language plpgsql
set search_path to ''
as $$
begin
  perform from pgflow.report_tasks(null, jsonb_build_array(jsonb_build_object(
    'run_id', run_id, 'step_slug', step_slug, 'task_index', task_index,
    'error', coalesce(error_message, 'unknown error')
  )));
  return query
  select t.* from pgflow.step_tasks t
  where t.run_id = fail_task.run_id and t.step_slug = fail_task.step_slug
    and t.task_index = fail_task.task_index;
end;
$$;

-- The inputs of runs.
create or replace function pgflow.flow_inputs(run_ids uuid[])
returns table (run_id uuid, input jsonb)
language sql stable
set search_path to ''
as $$
  select r.run_id, r.input from pgflow.runs r where r.run_id = any (flow_inputs.run_ids)
$$;

-- A run and its steps as one JSON value, null when it is unknown. Runs with its owner's rights, so that a client
-- without access to the tables can be allowed to call it; granted to nobody.
create or replace function pgflow.get_run_with_states(run_id uuid) returns jsonb
language sql stable
security definer
set search_path to ''
as $$
  select jsonb_build_object(
    'run', to_jsonb(r),
    'steps', coalesce(
      (
        select jsonb_agg(to_jsonb(ss) order by s.step_index)
        from pgflow.step_states ss
        join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
        where ss.run_id = r.run_id
      ),
      '[]'
    )
  )
  from pgflow.runs r
  where r.run_id = get_run_with_states.run_id
$$;

-- The worker's one call: reports everything that has ended and claims up to `quantity` tasks, in one
-- transaction. Returns the claimed tasks, and refused outcomes as records without a message.
-- Others are woken only when this claim came back full: else nothing is left for them.
create or replace function pgflow.report_and_claim(
  worker_id uuid, outcomes jsonb, flow_slugs text[], quantity int
) returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  answer record;
  claimed int;
begin
  if jsonb_array_length(outcomes) > 0 then
    answer := pgflow._report(worker_id, outcomes);
    return query select * from pgflow._refusals(answer.refused);
  end if;

  return query select * from pgflow.claim_tasks(worker_id, flow_slugs, quantity);
  get diagnostics claimed = row_count;

  if claimed >= quantity and jsonb_array_length(outcomes) > 0 then
    perform pgflow._wake_workers(answer.flow_slugs);
  end if;
end;
$$;

-- Reports the outcomes of tasks (sql/README.md, "The worker's wire protocol"). Returns those that were refused.
create or replace function pgflow.report_tasks(worker_id uuid, outcomes jsonb)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  answer record;
begin
  answer := pgflow._report(worker_id, outcomes);
  perform pgflow._wake_workers(answer.flow_slugs);
  return query select * from pgflow._refusals(answer.refused);
end;
$$;

-- Carries on a failed or cancelled run: completed tasks keep their outputs, also inside a half-done map; failed
-- and cancelled work gets fresh attempts. A run in progress is returned unchanged; a completed one
-- raises PF007, an unknown one PF002.
create or replace function pgflow.retry_run(run_id uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  run pgflow.runs;
  ready pgflow.step_ref[];
begin
  select r.* into run from pgflow.runs r where r.run_id = retry_run.run_id for no key update;
  if not found then
    raise exception 'run % does not exist', run_id using errcode = 'PF002';
  elsif run.status = 'completed' then
    raise exception 'run % has completed: only a failed or cancelled run can be retried', run_id
      using errcode = 'PF007';
  elsif run.status in ('failed', 'cancelled') then
    update pgflow.runs r
    set status = 'started', error_message = null, failed_at = null, cancelled_at = null
    where r.run_id = retry_run.run_id;

    ready := pgflow._reopen_steps(retry_run.run_id);
    perform pgflow._requeue_closed_tasks(run.flow_slug, retry_run.run_id);
    perform pgflow._announce_runs(array[retry_run.run_id], 'started');
    perform pgflow._advance('{}', ready);
    perform pgflow._wake_workers(array[run.flow_slug]);
  end if;

  return query select r.* from pgflow.runs r where r.run_id = retry_run.run_id;
end;
$$;

-- Sets the visibility of messages, each to its own number of seconds from now, and returns them. Nulls give no
-- rows. Works with every version of pgmq, which knows only one offset for all.
create or replace function pgflow.set_vt_batch(queue_name text, msg_ids bigint[], vt_offsets int[])
returns table (
  msg_id bigint, read_ct int, enqueued_at timestamptz, vt timestamptz, message jsonb, headers jsonb
)
language plpgsql
set search_path to ''
as $$
begin
  if queue_name is null or msg_ids is null or vt_offsets is null then
    return;
  elsif cardinality(msg_ids) <> cardinality(vt_offsets) then
    raise exception 'msg_ids length (%) must equal vt_offsets length (%)',
      cardinality(msg_ids), cardinality(vt_offsets) using errcode = 'PF006';
  end if;

  return query execute format(
    $query$
      update pgmq.%I as m
      set vt = clock_timestamp() + make_interval(secs => o.seconds)
      from unnest($1, $2) as o (msg_id, seconds)
      where m.msg_id = o.msg_id
      returning m.msg_id, m.read_ct, m.enqueued_at, m.vt, m.message, m.headers
    $query$,
    'q_' || lower(queue_name)
  ) using msg_ids, vt_offsets;
end;
$$;

-- Starts one run. A run_id that exists raises a unique violation; start_flows is the idempotent form.
create or replace function pgflow.start_flow(flow_slug text, input jsonb, run_id uuid default null)
returns setof pgflow.runs
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  new_id constant uuid := coalesce(start_flow.run_id, pgflow.new_run_id());
begin
  perform pgflow._refuse_unmappable_input(start_flow.flow_slug, start_flow.input);
  perform pgflow._start_runs(start_flow.flow_slug, array[new_id], array[start_flow.input]);

  return query select r.* from pgflow.runs r where r.run_id = new_id;
end;
$$;

-- Starts a run and returns it with its steps. Runs with its owner's rights; granted to nobody.
create or replace function pgflow.start_flow_with_states(
  flow_slug text, input jsonb, run_id uuid default null
) returns jsonb
language plpgsql
security definer
set search_path to ''
as $$
declare
  started_id uuid;
begin
  select r.run_id into started_id
  from pgflow.start_flow(flow_slug, input, start_flow_with_states.run_id) as r;
  return pgflow.get_run_with_states(started_id);
end;
$$;

-- Starts one run per element of the array inputs, in one transaction, and returns the runs in that order.
-- Idempotent: a run_id that exists already is returned with created = false, provided that its flow
-- and its input are the same; else PF003. With a delay the root steps start that much later.
create or replace function pgflow.start_flows(
  flow_slug text, inputs jsonb, run_ids uuid[] default null, delay interval default null
) returns setof pgflow.started_run
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  slug constant text := start_flows.flow_slug;
  given constant jsonb[] := array(select jsonb_array_elements(start_flows.inputs));
  ids uuid[] := start_flows.run_ids;
  fresh uuid[];
begin
  if cardinality(given) <> cardinality(coalesce(ids, array_fill(null::uuid, array[cardinality(given)]))) then
    raise exception 'run_ids length (%) must equal inputs length (%)',
      cardinality(ids), cardinality(given) using errcode = 'PF006';
  end if;
  if not exists (select from pgflow.flows f where f.flow_slug = slug) then
    raise exception 'flow "%" does not exist', slug using errcode = 'PF001';
  end if;

  perform pgflow._refuse_unmappable_input(slug, i.value) from unnest(given) as i (value);
  if ids is null then
    ids := array(select pgflow.new_run_id() from generate_subscripts(given, 1));
  end if;
  fresh := pgflow._start_runs(slug, ids, given, extract(epoch from delay)::int, true);
  if cardinality(fresh) < cardinality(ids) then
    perform pgflow._refuse_other_run(slug, ids, given);
  end if;

  return query
  select r.run_id, r.flow_slug, r.status, r.input, r.output, r.error_message, r.remaining_steps,
    r.started_at, r.completed_at, r.failed_at, r.cancelled_at,
    start_flows.run_ids is null or r.run_id = any (fresh)
  from unnest(ids) with ordinality as i (id, n)
  join pgflow.runs r on r.run_id = i.id
  order by i.n;
end;
$$;

-- Starts the tasks of messages that the caller has read, and hides each message for its task's lease. Returns
-- exactly the tasks it started, even when workers race for the same messages.
create or replace function pgflow.start_tasks(flow_slug text, msg_ids bigint[], worker_id uuid)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  read_ids bigint[];
  messages jsonb[];
begin
  execute format(
    $query$
      with message as (
        update pgmq.%I as m
        set vt = clock_timestamp()
          + make_interval(secs => coalesce(($2 ->> (m.message ->> 'step_slug'))::int, 1))
        where m.msg_id = any ($1)
        returning m.msg_id, m.message
      )
      select array_agg(m.msg_id), array_agg(m.message) from message m
    $query$,
    'q_' || pgflow.queue_name(flow_slug)
  )
  using msg_ids, pgflow._leases(flow_slug)
  into read_ids, messages;

  if read_ids is not null then
    return query select * from pgflow._start_tasks(worker_id, flow_slug, read_ids, messages);
  end if;
end;
$$;

-- Ends a watch; forgets those that ran out on the way.
create or replace function pgflow.unwatch_run(run_id uuid, watcher uuid) returns void
language sql
set search_path to ''
as $$
  delete from pgflow.run_watches w
  where w.run_id = unwatch_run.run_id and w.watcher = unwatch_run.watcher
    or w.expires_at < clock_timestamp()
$$;

-- Asks for the events of a run on channel pgflow_run during the next minute, and returns the run. The zero uuid
-- stands for every run. Every transition holds the run's lock: waiting for it here means that
-- whatever happens after this call is announced.
create or replace function pgflow.watch_run(run_id uuid, watcher uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
begin
  perform from pgflow.runs r where r.run_id = watch_run.run_id for share;

  insert into pgflow.run_watches as w (run_id, watcher, expires_at)
  values (watch_run.run_id, watch_run.watcher, clock_timestamp() + interval '1 minute')
  on conflict on constraint run_watches_pkey do update set expires_at = excluded.expires_at;

  return query select r.* from pgflow.runs r where r.run_id = watch_run.run_id;
end;
$$;

-- Says that somebody here is hungry for tasks of these flows, until end_idle or the end of the session: session
-- locks, seen by everybody at once, gone with the worker that dies. Whoever sends work then sends
-- a NOTIFY as well.
create or replace function pgflow.begin_idle(flow_slugs text[]) returns void
language sql
set search_path to ''
as $$
  select pg_advisory_lock_shared(pgflow._hunger_key(), hashtext(slug)) from unnest(flow_slugs) as slug
$$;

-- Takes begin_idle back.
create or replace function pgflow.end_idle(flow_slugs text[]) returns void
language sql
set search_path to ''
as $$
  select pg_advisory_unlock_shared(pgflow._hunger_key(), hashtext(slug)) from unnest(flow_slugs) as slug
$$;

-- A worker's sign of life, every 1.5 seconds. Tells it whether an operator wants it to drain, and which of the
-- tasks that it holds are no longer its own; looks after other workers' tasks on the way. No row: the
-- worker is unknown and has to register again.
create or replace function pgflow.heartbeat(worker_id uuid, held jsonb default '[]')
returns table (deprecated boolean, lost jsonb)
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  is_deprecated boolean;
begin
  update pgflow.workers w
  set last_heartbeat_at = clock_timestamp(), stopped_at = null
  where w.worker_id = heartbeat.worker_id
  returning w.deprecated_at is not null into is_deprecated;
  if not found then
    return;
  end if;

  perform pgflow.recover_dead_workers();
  return query select is_deprecated, pgflow._lost_tasks(heartbeat.worker_id, held);
end;
$$;

-- Takes the session lock by which a worker proves its life: it is free the moment its connection ends. Never
-- waits: while an older connection of the same worker still holds it, that one stands for it.
create or replace function pgflow.hold_worker_lock(worker_id uuid) returns void
language plpgsql
set search_path to ''
as $$
begin
  perform pg_try_advisory_lock(pgflow._worker_key(worker_id));
  update pgflow.workers w set holds_lock = true
  where w.worker_id = hold_worker_lock.worker_id and not w.holds_lock;
end;
$$;

-- Whether an idle worker may go to sleep: settled when no transaction is in flight that sends work of these flows
-- and may have looked before begin_idle. due_in: seconds to the next message, null when there is none.
create or replace function pgflow.idle_status(
  flow_slugs text[], out settled boolean, out due_in double precision
)
language plpgsql
set search_path to ''
as $$
declare
  slug text;
  due double precision;
begin
  settled := true;
  foreach slug in array flow_slugs loop
    if pg_try_advisory_lock(pgflow._sending_key(), hashtext(slug)) then
      perform pg_advisory_unlock(pgflow._sending_key(), hashtext(slug));
    else
      settled := false;
    end if;

    execute format(
      'select extract(epoch from min(m.vt) - clock_timestamp()) from pgmq.%I as m',
      'q_' || pgflow.queue_name(slug)
    ) into due;
    due_in := least(due_in, case when due is not null then greatest(due, 0) end);
  end loop;
end;
$$;

-- Notes that a worker has ended.
create or replace function pgflow.mark_worker_stopped(worker_id uuid) returns void
language sql
set search_path to ''
as $$
  update pgflow.workers w set stopped_at = clock_timestamp()
  where w.worker_id = mark_worker_stopped.worker_id and w.stopped_at is null
$$;

-- Puts the tasks of dead workers back into their queues, at once; those without attempts left fail. Dead: the
-- session lock is free and the heartbeat late, or the heartbeat is very late. Shortly after a start of
-- the server free locks mean nothing yet. One caller at a time does this, the others pass.
-- Returns the number of tasks.
create or replace function pgflow.recover_dead_workers() returns int
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  dead record;
  report jsonb;
  recovered int := 0;
begin
  if not exists (select from pgflow._silent_workers())
    or not pg_try_advisory_xact_lock(pgflow._recovery_key())
  then
    return 0;
  end if;

  for dead in
    select w.worker_id, w.flow_slugs from pgflow._silent_workers() w
    where w.last_heartbeat_at < clock_timestamp() - interval '12 seconds'
      or w.holds_lock and pg_try_advisory_xact_lock(pgflow._worker_key(w.worker_id))
  loop
    update pgflow.workers w set stopped_at = clock_timestamp() where w.worker_id = dead.worker_id;

    report := pgflow._held_tasks(dead.worker_id, dead.flow_slugs);
    perform pgflow.report_tasks(null, report);
    recovered := recovered + jsonb_array_length(report);
  end loop;
  return recovered;
end;
$$;

-- Makes a worker known, or known again. It proves its life by heartbeats, and by its session lock where it can
-- hold one.
create or replace function pgflow.register_worker(
  worker_id uuid, queue_name text, function_name text, flow_slugs text[]
) returns void
language sql
set search_path to ''
as $$
  insert into pgflow.workers (worker_id, queue_name, function_name, flow_slugs)
  values (
    register_worker.worker_id, register_worker.queue_name, register_worker.function_name,
    register_worker.flow_slugs
  )
  on conflict (worker_id) do update
  set flow_slugs = excluded.flow_slugs, last_heartbeat_at = now(), stopped_at = null
$$;

-- Puts a worker function on the list of those that ensure_workers keeps up, and notes that it has just been invoked.
create or replace function pgflow.track_worker_function(function_name text) returns void
language sql
set search_path to ''
as $$
  insert into pgflow.worker_functions (function_name, last_invoked_at)
  values (track_worker_function.function_name, clock_timestamp())
  on conflict (function_name) do update
  set last_invoked_at = excluded.last_invoked_at, updated_at = clock_timestamp()
$$;

-- How far each step of a run has come, its tasks summed up: what people see of a run. `attempts` is the
-- most that one of its tasks has needed, `error_message` the step's error or the last one of a task.
create or replace view pgflow.step_progress as
select
  ss.run_id, ss.flow_slug, ss.step_slug, s.step_index, s.step_type,
  array(
    select d.dep_slug
    from pgflow.deps d
    join pgflow.steps p on p.flow_slug = d.flow_slug and p.step_slug = d.dep_slug
    where d.flow_slug = ss.flow_slug and d.step_slug = ss.step_slug
    order by p.step_index
  ) as dependencies,
  ss.status, ss.initial_tasks as tasks, t.queued_tasks, t.started_tasks, t.completed_tasks, t.attempts,
  coalesce(ss.error_message, t.error_message) as error_message,
  ss.skip_reason,
  ss.started_at,
  coalesce(ss.completed_at, ss.failed_at, ss.skipped_at) as ended_at
from pgflow.step_states ss
join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
cross join lateral (
  select
    count(*) filter (where t.status = 'queued')::int as queued_tasks,
    count(*) filter (where t.status = 'started')::int as started_tasks,
    count(*) filter (where t.status = 'completed')::int as completed_tasks,
    coalesce(max(t.attempts_count), 0) as attempts,
    (array_agg(t.error_message order by t.started_at desc) filter (where t.error_message is not null))[1]
      as error_message
  from pgflow.step_tasks t
  where t.run_id = ss.run_id and t.step_slug = ss.step_slug
) as t;

-- Nothing is granted to PUBLIC. PostgreSQL lets everybody execute a new function unless told otherwise.
revoke all on all functions in schema pgflow from public;
revoke all on all tables in schema pgflow from public;


            insert into pgflow.installation (engine_version, functions_sha256, pgmq_version)
            values ('0.1.0', '930684c9bf53e0c78488663bed95e5ee4d1491fcc01c066a6d96e2c5b01335e1', coalesce(
              (select extversion from pg_extension where extname = 'pgmq'), '1.13.0 (sql)'))
            on conflict (only_row) do update set engine_version = excluded.engine_version,
              functions_sha256 = excluded.functions_sha256, installed_at = now();
            