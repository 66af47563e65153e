-- Puts the tasks of dead workers back into their queues, at once; those without attempts left
-- fail. Dead: the session lock is free and the heartbeat late, or the heartbeat is very late.
-- One caller at a time does this, the others pass. All tasks are reported together, so that their
-- runs are locked in order. Returns the number of tasks. What prevents it is left to a later call,
-- and no heartbeat fails for it: for one, a run that is in somebody's long transaction.
create or replace function pgflow.recover_dead_workers() returns int
language plpgsql
set search_path to ''
set lock_timeout to '500ms'
as $$
declare
  dead record;
  report jsonb := '[]';
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
    report := report || pgflow._held_tasks(dead.worker_id, dead.flow_slugs);
  end loop;

  perform pgflow.report_tasks(null, report);
  return jsonb_array_length(report);
exception when others then
  raise warning 'tasks of dead workers were not recovered: %', sqlerrm;
  return 0;
end;
$$;
