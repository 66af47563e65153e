-- Workers that should have shown a sign of life by now: a heartbeat comes every 1.5 seconds.
-- After a start of the server they get ten seconds to come back.
create or replace function pgflow._silent_workers() returns setof pgflow.workers
language sql stable
set search_path to ''
as $$
  select w.* from pgflow.workers w
  where w.stopped_at is null
    and w.last_heartbeat_at < clock_timestamp() - interval '2 seconds'
    and pg_postmaster_start_time() < clock_timestamp() - interval '10 seconds'
$$;
