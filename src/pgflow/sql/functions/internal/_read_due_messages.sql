-- Reads up to `quantity` due messages of a flow, the longest due first, and hides them for the
-- lease of their tasks: one write per claim. Messages that another transaction holds are passed
-- over. The time is a parameter, because an index can be used up to a constant but not up to a
-- volatile function. A flow that does not exist has none: a worker may not know yet that it is gone.
create or replace function pgflow._read_due_messages(
  flow_slug text, quantity int, out msg_ids bigint[], out messages jsonb[]
)
language plpgsql
set search_path to ''
as $$
declare
  leases constant jsonb := pgflow._leases(flow_slug);
begin
  if leases is null then
    return;
  end if;

  execute format(
    $query$
      with message as (
        update pgmq.%1$I as m
        set vt = $1 + coalesce($3 ->> (m.message ->> 'step_slug'), '1 second')::interval,
          read_ct = m.read_ct + 1
        where m.ctid = any (array(
          select d.ctid from pgmq.%1$I as d
          where d.vt <= $1
          order by d.vt
          limit $2
          for update skip locked
        ))
        returning m.msg_id, m.message
      )
      select array_agg(m.msg_id), array_agg(m.message) from message m
    $query$,
    'q_' || pgflow.queue_name(flow_slug)
  ) using clock_timestamp(), quantity, leases into msg_ids, messages;
end;
$$;
