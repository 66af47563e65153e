-- Completes the tasks that the outcomes name, where that attempt of that worker still holds them;
-- returns those. A single step that feeds a map must return an array: others are left to
-- _fail_type_violations.
create or replace function pgflow._complete_tasks(worker_id uuid, outcomes pgflow.outcome[])
returns pgflow.task_ref[]
language plpgsql
set search_path to ''
as $$
declare
  completed pgflow.task_ref[];
begin
  with changed as (
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
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, o.position
  )
  select array_agg(
    row(c.flow_slug, c.run_id, c.step_slug, c.task_index, c.message_id, c.position)::pgflow.task_ref
  )
  into completed from changed c;

  perform pgflow._archive_messages(completed);
  return coalesce(completed, '{}');
end;
$$;
