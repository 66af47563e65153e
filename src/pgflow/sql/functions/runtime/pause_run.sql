-- Pauses a run: what has been started goes on, nothing more is started. A run that is paused
-- already is returned unchanged, one that has ended raises PF007.
create or replace function pgflow.pause_run(run_id uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
begin
  if (pgflow._lock_open_run(run_id)).paused_at is null then
    update pgflow.runs r set paused_at = clock_timestamp() where r.run_id = pause_run.run_id;
    perform pgflow._note_action(run_id, 'pause');
  end if;
  return query select r.* from pgflow.runs r where r.run_id = pause_run.run_id;
end;
$$;
