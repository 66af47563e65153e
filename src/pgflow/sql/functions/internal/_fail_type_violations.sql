-- Fails for good the tasks that completed without an array although a map waits for one. The
-- output is kept for whoever has to find out. Returns the tasks.
create or replace function pgflow._fail_type_violations(worker_id uuid, outcomes pgflow.outcome[])
returns pgflow.task_ref[]
language plpgsql
set search_path to ''
as $$
declare
  failed pgflow.task_ref[];
  messages text[];
begin
  with changed as (
    update pgflow.step_tasks t
    set status = 'failed', output = o.output, lease_expires_at = null,
      failed_at = greatest(clock_timestamp(), t.started_at),
      error_message = format(
        '[TYPE_VIOLATION] Produced %s instead of array', coalesce(jsonb_typeof(o.output), 'null')
      )
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
      and (
        _fail_type_violations.worker_id is null
        or t.last_worker_id = _fail_type_violations.worker_id
      )
      and s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
      and s.feeds_map and jsonb_typeof(o.output) is distinct from 'array'
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, o.position, o.output
  )
  select
    array_agg(row(
      c.flow_slug, c.run_id, c.step_slug, c.task_index, c.message_id, c.position
    )::pgflow.task_ref),
    array_agg(format(
      '[TYPE_VIOLATION] Map step %s expects array input but dependency %s produced %s',
      pgflow._fed_map(c.flow_slug, c.step_slug), c.step_slug,
      coalesce(jsonb_typeof(c.output), 'null')
    ))
  into failed, messages
  from changed c;

  perform pgflow._archive_messages(failed);
  perform pgflow._fail_steps(pgflow._steps_of(failed), messages);
  return coalesce(failed, '{}');
end;
$$;
