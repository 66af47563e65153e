-- Counts completed tasks off their steps and completes the steps that have none left. A map's
-- output is the array of its tasks' outputs in order. Returns the completed steps.
create or replace function pgflow._complete_steps(tasks pgflow.task_ref[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  completed pgflow.step_ref[];
begin
  with tally as (
    select t.flow_slug, t.run_id, t.step_slug, count(*)::int as tasks
    from unnest(tasks) as t
    group by t.flow_slug, t.run_id, t.step_slug
  ),
  changed as (
    update pgflow.step_states s
    set remaining_tasks = s.remaining_tasks - y.tasks,
      status = case when s.remaining_tasks = y.tasks then 'completed' else s.status end,
      completed_at = case
        when s.remaining_tasks = y.tasks then greatest(clock_timestamp(), s.started_at)
      end,
      output = case
        when s.remaining_tasks > y.tasks then null
        when d.step_type = 'single' then (
          select t.output from pgflow.step_tasks t
          where t.run_id = s.run_id and t.step_slug = s.step_slug and t.task_index = 0
        )
        else (
          select jsonb_agg(t.output order by t.task_index) from pgflow.step_tasks t
          where t.run_id = s.run_id and t.step_slug = s.step_slug
        )
      end
    from tally y
    join pgflow.steps d on d.flow_slug = y.flow_slug and d.step_slug = y.step_slug
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = y.run_id and x.step_slug = y.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid
    returning s.flow_slug, s.run_id, s.step_slug, s.status
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref) into completed
  from changed c where c.status = 'completed';

  perform pgflow._announce_steps(completed, 'completed');
  return coalesce(completed, '{}');
end;
$$;
