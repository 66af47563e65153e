-- The rules that the queues break: an open task has its message and an ended one has none. A
-- message that was never one of ours breaks them too.
create or replace function pgflow._check_queues() returns table (invariant text, detail text)
language plpgsql stable
set search_path to ''
as $$
declare
  flow pgflow.flows;
  queue text;
begin
  for flow in select f.* from pgflow.flows f order by f.flow_slug loop
    queue := pgflow.queue_name(flow.flow_slug);
    if to_regclass(format('pgmq.%I', 'q_' || queue)) is null then
      return query select 'a flow has its queue', format('flow %s: queue %s', flow.flow_slug, queue);
      continue;
    end if;

    return query execute format(
      $query$
        select
          case when m.msg_id is null then 'an open task has its message' else 'a message has its open task' end,
          case
            when m.msg_id is null then format('task %%s of step %%s of run %%s: message %%s',
              t.task_index, t.step_slug, t.run_id, coalesce(t.message_id::text, '-'))
            else format('message %%s of queue %%s: %%s', m.msg_id, $2, m.message)
          end
        from (
          select * from pgflow.step_tasks o
          where o.flow_slug = $1 and o.status in ('queued', 'started')
        ) as t
        full join pgmq.%I as m on m.msg_id = t.message_id
        where t.run_id is null or m.msg_id is null or m.message is distinct from jsonb_build_object(
          'flow_slug', t.flow_slug, 'run_id', t.run_id, 'step_slug', t.step_slug, 'task_index', t.task_index
        )
      $query$,
      'q_' || queue
    ) using flow.flow_slug, queue;
  end loop;
end;
$$;
