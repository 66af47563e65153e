-- Cancels a run: nothing of it is handed out any more, and workers that hold one of its tasks are
-- told. A run that has ended is returned unchanged. Raises PF002 for an unknown run.
create or replace function pgflow.cancel_run(run_id uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
begin
  if (pgflow._lock_run(run_id)).status = 'started' then
    perform pgflow._end_runs(array[run_id], 'cancelled');
    perform pgflow._note_action(run_id, 'cancel');
  end if;
  return query select r.* from pgflow.runs r where r.run_id = cancel_run.run_id;
end;
$$;
