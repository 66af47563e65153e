-- Makes a worker known, or known again. It proves its life by heartbeats, and by its session lock
-- where it can hold one.
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
