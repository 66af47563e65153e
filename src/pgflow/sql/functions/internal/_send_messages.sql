-- Sends one message per task and returns the message ids in the same order.
create or replace function pgflow._send_messages(
  flow_slug text, run_ids uuid[], step_slugs text[], task_indexes int[], delay int
) returns bigint[]
language plpgsql
set search_path to ''
as $$
begin
  return (
    select array(
      select * from pgmq.send_batch(
        pgflow.queue_name(flow_slug),
        array(
          select jsonb_build_object(
            'flow_slug', flow_slug, 'run_id', t.run_id, 'step_slug', t.step_slug,
            'task_index', t.task_index
          )
          from unnest(run_ids, step_slugs, task_indexes) with ordinality
            as t (run_id, step_slug, task_index, n)
          order by t.n
        ),
        delay
      )
    )
  );
end;
$$;
