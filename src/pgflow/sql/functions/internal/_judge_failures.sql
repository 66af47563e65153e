-- Locks the tasks whose attempt has ended without a result, where that attempt of that worker
-- still holds them, and decides: another attempt, after how many seconds, or exhausted. A lost
-- attempt is accepted from anybody once its lease has run out or its worker has stopped.
create or replace function pgflow._judge_failures(worker_id uuid, outcomes pgflow.outcome[])
returns table (
  task pgflow.task_ref, exhausted boolean, released boolean, message text, delay int
)
language plpgsql
set search_path to ''
as $$
begin
  return query
  with held as (
    select
      o.*, t.flow_slug, t.message_id, t.attempts_count, t.last_worker_id
    from unnest(outcomes) as o
    cross join lateral (
      select x.ctid from pgflow.step_tasks x
      where x.run_id = o.run_id and x.step_slug = o.step_slug and x.task_index = o.task_index
      limit 1
    ) as at
    join pgflow.step_tasks t on t.ctid = at.ctid
    where (o.error is not null or o.released or o.lost)
      and t.status = 'started'
      and (o.attempt is null or t.attempts_count = o.attempt)
      and case
        when o.lost then
          t.lease_expires_at <= clock_timestamp() or pgflow._has_stopped(t.last_worker_id)
        else _judge_failures.worker_id is null or t.last_worker_id = _judge_failures.worker_id
      end
    order by o.run_id, o.step_slug, o.task_index
    for no key update of t
  )
  select
    row(
      h.flow_slug, h.run_id, h.step_slug, h.task_index, h.message_id, h.position
    )::pgflow.task_ref,
    coalesce(not h.released, true)
      and (
        coalesce(not h.retry, false)
        or h.attempts_count >= coalesce(s.opt_max_attempts, f.opt_max_attempts)
      ),
    coalesce(h.released, false),
    case
      when h.lost then format(
        'attempt %s was lost: its worker died or held it beyond its time', h.attempts_count
      )
      else h.error
    end,
    case
      when h.lost or h.released then 0
      when h.retry_in is not null then greatest(0, least(ceil(h.retry_in), 31536000))::int
      else pgflow.calculate_retry_delay(
        coalesce(s.opt_base_delay, f.opt_base_delay), h.attempts_count
      )
    end
  from held h
  join pgflow.steps s on s.flow_slug = h.flow_slug and s.step_slug = h.step_slug
  join pgflow.flows f on f.flow_slug = h.flow_slug;
end;
$$;
