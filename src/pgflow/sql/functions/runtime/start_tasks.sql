-- Starts the tasks of messages that the caller has read, and hides each message for its task's
-- lease. Returns exactly the tasks it started, even when workers race for the same messages: what
-- another transaction holds is passed over, like by every claim.
create or replace function pgflow.start_tasks(flow_slug text, msg_ids bigint[], worker_id uuid)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  read_ids bigint[];
  messages jsonb[];
begin
  execute format(
    $query$
      with message as (
        update pgmq.%1$I as m
        set vt = clock_timestamp() + coalesce($2 ->> (m.message ->> 'step_slug'), '1 second')::interval
        where m.ctid = any (array(
          select d.ctid from pgmq.%1$I as d where d.msg_id = any ($1) for update skip locked
        ))
        returning m.msg_id, m.message
      )
      select array_agg(m.msg_id), array_agg(m.message) from message m
    $query$,
    'q_' || pgflow.queue_name(flow_slug)
  )
  using msg_ids, pgflow._leases(flow_slug)
  into read_ids, messages;

  if read_ids is not null then
    return query
    select t.* from pgflow._start_tasks(worker_id, flow_slug, read_ids, messages) as t
    where t.attempt <= greatest(t.max_attempts, 1);
  end if;
end;
$$;
