-- A worker's sign of life, every 1.5 seconds. Tells it whether an operator wants it to drain, and
-- which of the tasks that it holds are no longer its own; looks after other workers' tasks on the
-- way. No row: the worker is unknown and has to register again. Who was silent for long does not
-- judge others this time: after a stall of the server one of many late heartbeats comes first.
create or replace function pgflow.heartbeat(worker_id uuid, held jsonb default '[]')
returns table (deprecated boolean, lost jsonb)
language plpgsql
set search_path to ''
as $$
declare
  was_away boolean;
  is_deprecated boolean;
  proves_life boolean;
begin
  select w.last_heartbeat_at < clock_timestamp() - interval '5 seconds' into was_away
  from pgflow.workers w where w.worker_id = heartbeat.worker_id;

  update pgflow.workers w
  set last_heartbeat_at = clock_timestamp(), stopped_at = null
  where w.worker_id = heartbeat.worker_id
  returning w.deprecated_at is not null, w.holds_lock into is_deprecated, proves_life;
  if not found then
    return;
  end if;

  if proves_life then
    -- An older connection, dead without the server's knowledge, may have had it until now.
    perform pg_try_advisory_lock(pgflow._worker_key(heartbeat.worker_id));
  end if;
  if not was_away then
    perform pgflow.recover_dead_workers();
  end if;
  return query select is_deprecated, pgflow._lost_tasks(heartbeat.worker_id, held);
end;
$$;
