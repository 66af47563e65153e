-- Starts the tasks of messages that were read: queued ones, and started ones whose lease has run
-- out. Returns exactly those; what another transaction holds is passed over. A task whose last
-- attempt was lost is not started but returned with attempt > max_attempts, for its reader to
-- report as lost.
create or replace function pgflow._start_tasks(
  worker_id uuid, flow_slug text, msg_ids bigint[], messages jsonb[]
) returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  keys record;
  started int;
begin
  keys := pgflow._message_keys(messages);

  return query
  with message as (
    select * from unnest(msg_ids, keys.run_ids, keys.step_slugs, keys.task_indexes)
      as m (msg_id, run_id, step_slug, task_index)
  ),
  startable as materialized (
    select t.ctid
    from message m
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = m.run_id and x.step_slug = m.step_slug and x.task_index = m.task_index
      limit 1
    ) as at
    join pgflow.step_tasks t on t.ctid = at.ctid
    where t.message_id = m.msg_id
      and (
        t.status = 'queued'
        or t.status = 'started' and t.lease_expires_at <= clock_timestamp()
          and t.attempts_count < pgflow._max_attempts(t.flow_slug, t.step_slug)
      )
    for no key update of t skip locked
  ),
  started as (
    update pgflow.step_tasks t
    set status = 'started', attempts_count = t.attempts_count + 1,
      started_at = greatest(clock_timestamp(), t.queued_at),
      lease_expires_at = clock_timestamp()
        + make_interval(secs => coalesce(s.opt_timeout, f.opt_timeout) + 2),
      last_worker_id = _start_tasks.worker_id
    from pgflow.steps s, pgflow.flows f
    where t.ctid = any (array(select c.ctid from startable c))
      and s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
      and f.flow_slug = t.flow_slug
    returning
      t.flow_slug, t.run_id, t.step_slug, t.input, t.message_id, t.task_index, t.attempts_count,
      s.step_type, s.deps_count,
      coalesce(s.opt_max_attempts, f.opt_max_attempts) as max_attempts,
      coalesce(s.opt_timeout, f.opt_timeout) as timeout
  )
  select
    t.flow_slug, t.run_id, t.step_slug,
    case
      when t.step_type = 'map' then t.input
      when t.deps_count = 0 then '{}'
      else coalesce(
        (
          select jsonb_object_agg(d.dep_slug, p.output)
          from pgflow.deps d
          join pgflow.step_states p on p.run_id = t.run_id and p.step_slug = d.dep_slug
          where d.flow_slug = t.flow_slug and d.step_slug = t.step_slug and p.status = 'completed'
        ),
        '{}'
      )
    end,
    t.message_id, t.task_index,
    case
      when t.step_type = 'single' and t.deps_count = 0
      then (select r.input from pgflow.runs r where r.run_id = t.run_id)
    end,
    t.attempts_count, t.max_attempts, t.timeout
  from started t;
  get diagnostics started = row_count;

  if started < cardinality(msg_ids) then
    return query
    select * from pgflow._settle_unstarted(
      worker_id, flow_slug, msg_ids, keys.run_ids, keys.step_slugs, keys.task_indexes
    );
  end if;
end;
$$;
