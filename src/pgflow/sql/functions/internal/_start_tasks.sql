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
  started int;
begin
  return query
  with startable as materialized (
    select t.ctid
    from unnest(msg_ids, messages) as m (msg_id, message)
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = pgflow._uuid_in(m.message ->> 'run_id')
        and x.step_slug = m.message ->> 'step_slug'
        and x.task_index = pgflow._index_in(m.message ->> 'task_index')
        and x.message_id = m.msg_id
        and (
          x.status = 'queued'
          or x.status = 'started' and x.lease_expires_at <= clock_timestamp()
            and x.attempts_count < pgflow._max_attempts(x.flow_slug, x.step_slug)
        )
      limit 1
      for no key update skip locked
    ) as t
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
    select * from pgflow._settle_unstarted(worker_id, flow_slug, msg_ids, messages);
  end if;
end;
$$;
