-- Reports lost attempts of each run by itself, because those of all runs together are in the way of
-- each other: somebody holds one of the runs, or it cannot be carried on. Returns the number of
-- attempts that went through.
create or replace function pgflow._report_run_by_run(lost jsonb) returns int
language plpgsql
set search_path to ''
as $$
declare
  part record;
  reported int := 0;
begin
  for part in
    with run as (
      select (t.task ->> 'run_id')::uuid as run_id, jsonb_agg(t.task) as tasks
      from jsonb_array_elements(lost) as t (task)
      group by 1
    )
    select run.run_id, run.tasks
    from run join pgflow.runs r on r.run_id = run.run_id
    for no key update of r skip locked
  loop
    begin
      perform pgflow.report_tasks(null, part.tasks);
      reported := reported + jsonb_array_length(part.tasks);
    exception when others then
      raise warning 'tasks of run % were not recovered: %', part.run_id, sqlerrm;
    end;
  end loop;
  return reported;
end;
$$;
