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
