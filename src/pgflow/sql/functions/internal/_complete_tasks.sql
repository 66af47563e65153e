-- Completes the tasks that the outcomes name, where that attempt of that worker still holds them,
-- and the steps that have no task left. A map's output is the array of its tasks' outputs in order:
-- those of this report, and the earlier ones. A single step that feeds a map must return an array:
-- others are left to _fail_type_violations. Returns the tasks and the steps.
create or replace function pgflow._complete_tasks(
  worker_id uuid, outcomes pgflow.outcome[],
  out hit pgflow.task_ref[], out completed pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
begin
  with ended as (
    update pgflow.step_tasks t
    set status = 'completed', output = coalesce(o.output, 'null'), lease_expires_at = null,
      completed_at = greatest(clock_timestamp(), t.started_at)
    from unnest(outcomes) as o
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = o.run_id and x.step_slug = o.step_slug and x.task_index = o.task_index
      limit 1
    ) as at,
    pgflow.steps s
    where o.error is null and o.released is not true and o.lost is not true
      and t.ctid = at.ctid
      and t.status = 'started'
      and (o.attempt is null or t.attempts_count = o.attempt)
      and (_complete_tasks.worker_id is null or t.last_worker_id = _complete_tasks.worker_id)
      and s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
      and (not s.feeds_map or jsonb_typeof(o.output) is not distinct from 'array')
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, t.output,
      s.step_type, o.position
  ),
  tally as (
    select e.run_id, e.step_slug, e.step_type, count(*)::int as tasks,
      (array_agg(e.output))[1] as output
    from ended e
    group by e.run_id, e.step_slug, e.step_type
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
        when y.step_type = 'single' then y.output
        else (
          select jsonb_agg(a.output order by a.task_index)
          from (
            select e.task_index, e.output from ended e
            where e.run_id = s.run_id and e.step_slug = s.step_slug
            union all
            select t.task_index, t.output from pgflow.step_tasks t
            where t.run_id = s.run_id and t.step_slug = s.step_slug and t.status = 'completed'
          ) as a
        )
      end
    from tally y
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = y.run_id and x.step_slug = y.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid
    returning s.flow_slug, s.run_id, s.step_slug, s.status
  )
  select
    (select array_agg(row(
      e.flow_slug, e.run_id, e.step_slug, e.task_index, e.message_id, e.position
    )::pgflow.task_ref) from ended e),
    (select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref)
      from changed c where c.status = 'completed')
  into hit, completed;

  perform pgflow._archive_messages(hit);
  perform pgflow._announce_steps(completed, 'completed');
end;
$$;
