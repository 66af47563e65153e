-- Inserts tasks of one flow together with their messages; the arrays run in parallel. Sleeping
-- workers are told of what falls due later: whoever reports may not be there any more by then.
create or replace function pgflow._queue_tasks(
  flow_slug text, run_ids uuid[], step_slugs text[], task_indexes int[], inputs jsonb[], delay int
) returns void
language plpgsql
set search_path to ''
as $$
begin
  insert into pgflow.step_tasks (flow_slug, run_id, step_slug, task_index, input, message_id)
  select _queue_tasks.flow_slug, t.run_id, t.step_slug, t.task_index, t.input, t.message_id
  from unnest(
    run_ids, step_slugs, task_indexes, inputs,
    pgflow._send_messages(flow_slug, run_ids, step_slugs, task_indexes, delay)
  ) as t (run_id, step_slug, task_index, input, message_id);

  if delay > 0 then
    perform pgflow._wake_workers(array[flow_slug]);
  end if;
end;
$$;
