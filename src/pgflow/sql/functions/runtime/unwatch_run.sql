-- Ends a watch; forgets those that ran out on the way.
create or replace function pgflow.unwatch_run(run_id uuid, watcher uuid) returns void
language sql
set search_path to ''
as $$
  delete from pgflow.run_watches w
  where w.run_id = unwatch_run.run_id and w.watcher = unwatch_run.watcher
    or w.expires_at < clock_timestamp()
$$;
