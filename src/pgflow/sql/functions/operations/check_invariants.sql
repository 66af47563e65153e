-- Every contradiction between runs, steps, tasks and queues, as the rule that is broken and
-- where. A sound database has none, at any moment and under any load: the whole of it is looked
-- at in one snapshot. Locks nothing, but reads every row.
create or replace function pgflow.check_invariants()
returns table (invariant text, detail text)
language plpgsql stable
set search_path to ''
as $$
begin
  return query
  select * from pgflow._check_runs()
  union all
  select * from pgflow._check_steps()
  union all
  select * from pgflow._check_tasks()
  union all
  select * from pgflow._check_queues();
end;
$$;
