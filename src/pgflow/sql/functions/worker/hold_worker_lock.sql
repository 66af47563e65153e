-- Takes the session lock by which a worker proves its life: it is free the moment its connection
-- ends. Never waits: while an older connection of the same worker still holds it, that one stands
-- for it.
create or replace function pgflow.hold_worker_lock(worker_id uuid) returns void
language plpgsql
set search_path to ''
as $$
begin
  perform pg_try_advisory_lock(pgflow._worker_key(worker_id));
  update pgflow.workers w set holds_lock = true
  where w.worker_id = hold_worker_lock.worker_id and not w.holds_lock;
end;
$$;
