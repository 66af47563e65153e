-- Puts a worker function on the list of those that ensure_workers keeps up, and notes that it has
-- just been invoked.
create or replace function pgflow.track_worker_function(function_name text) returns void
language sql
set search_path to ''
as $$
  insert into pgflow.worker_functions (function_name, last_invoked_at)
  values (track_worker_function.function_name, clock_timestamp())
  on conflict (function_name) do update
  set last_invoked_at = excluded.last_invoked_at, updated_at = clock_timestamp()
$$;
