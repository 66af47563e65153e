-- Sends one message per task, visible after `delay` seconds, and returns the message ids in the
-- same order. It writes what pgmq.send_batch would: three calls deep, that cost a tenth of a
-- report.
create or replace function pgflow._send_messages(
  flow_slug text, run_ids uuid[], step_slugs text[], task_indexes int[], delay int
) returns bigint[]
language plpgsql
set search_path to ''
as $$
declare
  msg_ids bigint[];
begin
  execute format(
    $query$
      with sent as (
        insert into pgmq.%I (vt, message)
        select $5, jsonb_build_object(
          'flow_slug', $1, 'run_id', t.run_id, 'step_slug', t.step_slug, 'task_index', t.task_index
        )
        from unnest($2, $3, $4) with ordinality as t (run_id, step_slug, task_index, n)
        order by t.n
        returning msg_id
      )
      select array_agg(s.msg_id) from sent s
    $query$,
    'q_' || pgflow.queue_name(flow_slug)
  )
  using flow_slug, run_ids, step_slugs, task_indexes, clock_timestamp() + make_interval(secs => delay)
  into msg_ids;
  return msg_ids;
end;
$$;
