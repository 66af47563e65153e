-- Claims up to `quantity` tasks of one flow: reads due messages, hiding each for as long as its
-- task may take, and starts their tasks.
create or replace function pgflow._claim_from(worker_id uuid, flow_slug text, quantity int)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  msg_ids bigint[];
  messages jsonb[];
begin
  select array_agg(m.msg_id), array_agg(m.message) into msg_ids, messages
  from pgflow._read_due_messages(flow_slug, quantity) as m;
  if msg_ids is not null then
    return query select * from pgflow._start_tasks(worker_id, flow_slug, msg_ids, messages);
  end if;
end;
$$;
