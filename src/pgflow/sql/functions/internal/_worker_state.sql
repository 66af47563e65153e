-- What is to be thought of a worker: `alive`; `draining`, an operator has asked it to end;
-- `silent`, it lives but does not answer, like a process that was stopped; `dead`, its tasks are
-- taken from it; `stopped`, it has ended by itself. The lock by which it proves its life is only
-- looked at.
create or replace function pgflow._worker_state(worker pgflow.workers) returns text
language sql stable
set search_path to ''
as $$
  select case
    when worker.stopped_at is not null then 'stopped'
    when worker.last_heartbeat_at < clock_timestamp() - interval '12 seconds' then 'dead'
    when worker.last_heartbeat_at > clock_timestamp() - interval '3 seconds' then
      case when worker.deprecated_at is null then 'alive' else 'draining' end
    when worker.holds_lock and not exists (
      select from pg_catalog.pg_locks l
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and (l.classid::bigint << 32) | l.objid::bigint = pgflow._worker_key(worker.worker_id)
    ) then 'dead'
    else 'silent'
  end
$$;
