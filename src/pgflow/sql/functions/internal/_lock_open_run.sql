-- Locks a run that is in progress and returns it. Raises PF002 for an unknown one, PF007 when it
-- has ended.
create or replace function pgflow._lock_open_run(run_id uuid) returns pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  run constant pgflow.runs := pgflow._lock_run(run_id);
begin
  if run.status <> 'started' then
    raise exception 'run % has ended (%), expected one in progress', run_id, run.status
      using errcode = 'PF007';
  end if;
  return run;
end;
$$;
