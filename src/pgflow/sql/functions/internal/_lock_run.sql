-- Locks a run and returns it. Raises PF002 for an unknown one.
create or replace function pgflow._lock_run(run_id uuid) returns pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  run pgflow.runs;
begin
  select r.* into run from pgflow.runs r where r.run_id = _lock_run.run_id for no key update;
  if not found then
    raise exception 'run % does not exist', run_id using errcode = 'PF002';
  end if;
  return run;
end;
$$;
