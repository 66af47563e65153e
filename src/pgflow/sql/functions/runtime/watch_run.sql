-- Asks for the events of a run on channel pgflow_run during the next minute, with or without those
-- of its steps, and returns the run. The zero uuid stands for every run. Every transition holds the
-- run's lock: waiting for it here means that whatever happens after this call is announced.
create or replace function pgflow.watch_run(
  run_id uuid, watcher uuid, with_steps boolean default true
) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
begin
  perform from pgflow.runs r where r.run_id = watch_run.run_id for share;

  insert into pgflow.run_watches as w (run_id, watcher, expires_at, with_steps)
  values (
    watch_run.run_id, watch_run.watcher, clock_timestamp() + interval '1 minute',
    watch_run.with_steps
  )
  on conflict on constraint run_watches_pkey do update
  set expires_at = excluded.expires_at, with_steps = w.with_steps or excluded.with_steps;

  return query select r.* from pgflow.runs r where r.run_id = watch_run.run_id;
end;
$$;
