-- Workers that should have shown a sign of life by now: a heartbeat comes every 1.5 seconds.
-- When a server has begun to take writes (a start, the end of a crash, a promotion), all of them get
-- ten seconds to come back. The process that writes the log is as old as that; those who may not
-- see its age go by the age of the server.
create or replace function pgflow._silent_workers() returns setof pgflow.workers
language sql stable
set search_path to ''
as $$
  select w.* from pgflow.workers w
  where w.stopped_at is null
    and w.last_heartbeat_at < clock_timestamp() - interval '1.75 seconds'
    and clock_timestamp() - interval '10 seconds' > coalesce(
      (select a.backend_start from pg_stat_activity a where a.backend_type = 'walwriter'),
      pg_postmaster_start_time()
    )
$$;
