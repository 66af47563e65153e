-- How far each step of a run has come, its tasks summed up: what people see of a run. `attempts` is the
-- most that one of its tasks has needed, `error_message` the step's error or the last one of a task.
create or replace view pgflow.step_progress as
select
  ss.run_id, ss.flow_slug, ss.step_slug, s.step_index, s.step_type,
  array(
    select d.dep_slug
    from pgflow.deps d
    join pgflow.steps p on p.flow_slug = d.flow_slug and p.step_slug = d.dep_slug
    where d.flow_slug = ss.flow_slug and d.step_slug = ss.step_slug
    order by p.step_index
  ) as dependencies,
  ss.status, ss.initial_tasks as tasks, t.queued_tasks, t.started_tasks, t.completed_tasks, t.attempts,
  coalesce(ss.error_message, t.error_message) as error_message,
  ss.skip_reason,
  ss.started_at,
  coalesce(ss.completed_at, ss.failed_at, ss.skipped_at) as ended_at
from pgflow.step_states ss
join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
cross join lateral (
  select
    count(*) filter (where t.status = 'queued')::int as queued_tasks,
    count(*) filter (where t.status = 'started')::int as started_tasks,
    count(*) filter (where t.status = 'completed')::int as completed_tasks,
    coalesce(max(t.attempts_count), 0) as attempts,
    (array_agg(t.error_message order by t.started_at desc) filter (where t.error_message is not null))[1]
      as error_message
  from pgflow.step_tasks t
  where t.run_id = ss.run_id and t.step_slug = ss.step_slug
) as t;
