-- Looks after messages whose task this claim could not start. The task has ended, or there never
-- was one: the message is archived. The task is another's: the message stays hidden until that
-- lease ends. Its last attempt was lost: it is returned, with attempt > max_attempts, to be
-- reported so.
create or replace function pgflow._settle_unstarted(
  worker_id uuid, flow_slug text, msg_ids bigint[], messages jsonb[]
) returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  left_over record;
begin
  for left_over in
    select
      m.msg_id, k.run_id, k.step_slug, k.task_index, t.attempts_count,
      t.message_id is distinct from m.msg_id or t.status not in ('queued', 'started') as stale,
      t.lease_expires_at <= clock_timestamp() as lost,
      pgflow._max_attempts(t.flow_slug, t.step_slug) as max_attempts,
      greatest(1, ceil(extract(epoch from t.lease_expires_at - clock_timestamp())))::int
        as hidden_for
    from unnest(msg_ids, messages) as m (msg_id, message)
    cross join lateral (
      select
        pgflow._uuid_in(m.message ->> 'run_id'), m.message ->> 'step_slug',
        pgflow._index_in(m.message ->> 'task_index')
    ) as k (run_id, step_slug, task_index)
    left join pgflow.step_tasks t
      on t.run_id = k.run_id and t.step_slug = k.step_slug and t.task_index = k.task_index
    where not (
      t.status is not distinct from 'started' and t.message_id = m.msg_id
      and t.last_worker_id = _settle_unstarted.worker_id and t.lease_expires_at > clock_timestamp()
    )
  loop
    if left_over.stale then
      perform pgmq.archive(pgflow.queue_name(flow_slug), array[left_over.msg_id]);
    elsif left_over.lost and left_over.attempts_count >= left_over.max_attempts then
      return next row(
        flow_slug, left_over.run_id, left_over.step_slug, null, left_over.msg_id,
        left_over.task_index, null, left_over.attempts_count + 1, left_over.max_attempts, 0
      )::pgflow.step_task_record;
    else
      perform from pgflow.set_vt_batch(
        pgflow.queue_name(flow_slug), array[left_over.msg_id],
        array[coalesce(left_over.hidden_for, 1)]
      );
    end if;
  end loop;
end;
$$;
