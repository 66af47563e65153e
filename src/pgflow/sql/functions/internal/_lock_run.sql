-- Locks a run and returns it, its flow first, like a start does: the foreign key of a run that is
-- written twice would lock that afterwards. Raises PF002 for an unknown run.
create or replace function pgflow._lock_run(run_id uuid) returns pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  run pgflow.runs;
begin
  perform from pgflow.flows f
  where f.flow_slug = (select r.flow_slug from pgflow.runs r where r.run_id = _lock_run.run_id)
  for key share;

  select r.* into run from pgflow.runs r where r.run_id = _lock_run.run_id for no key update;
  if not found then
    raise exception 'run % does not exist', run_id using errcode = 'PF002';
  end if;
  return run;
end;
$$;
