-- Makes the messages of tasks visible after that many seconds each. Sleeping workers are told: they
-- sleep until what they know of falls due.
create or replace function pgflow._delay_messages(tasks pgflow.task_ref[], delays int[])
returns void
language plpgsql
set search_path to ''
as $$
declare
  batch record;
begin
  for batch in
    select t.flow_slug, array_agg(t.message_id) as ids, array_agg(t.delay) as delays
    from unnest(tasks, delays)
      as t (flow_slug, run_id, step_slug, task_index, message_id, "position", delay)
    group by t.flow_slug
  loop
    perform from pgflow.set_vt_batch(pgflow.queue_name(batch.flow_slug), batch.ids, batch.delays);
    perform pgflow._wake_workers(array[batch.flow_slug]);
  end loop;
end;
$$;
