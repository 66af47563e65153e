-- Puts the tasks of dead workers back into their queues, at once; those without attempts left
-- fail. Dead: the session lock is free and the heartbeat late, or the heartbeat is very late.
-- One caller at a time does this, the others pass. All tasks are reported together, so that their
-- runs are locked in order. Returns the number of tasks. A run that is in somebody's long
-- transaction is left to a later call: it keeps nobody else's tasks, and no heartbeat fails for it.
create or replace function pgflow.recover_dead_workers() returns int
language plpgsql
set search_path to ''
set lock_timeout to '500ms'
as $$
declare
  dead record;
  stopped uuid[] := '{}';
  held jsonb := '[]';
  recovered int;
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
    stopped := stopped || dead.worker_id;
    held := held || pgflow._held_tasks(dead.worker_id, dead.flow_slugs);
  end loop;

  begin
    perform pgflow.report_tasks(null, held);
    return jsonb_array_length(held);
  exception when others then
    recovered := pgflow._report_run_by_run(held);
    -- silent still: what is left is found again
    update pgflow.workers w set stopped_at = null where w.worker_id = any (stopped);
    return recovered;
  end;
exception when others then
  raise warning 'tasks of dead workers were not recovered: %', sqlerrm;
  return 0;
end;
$$;
