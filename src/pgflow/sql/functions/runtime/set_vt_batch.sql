-- Sets the visibility of messages, each to its own number of seconds from now, and returns them.
-- Nulls give no rows. Works with every version of pgmq, which knows only one offset for all.
create or replace function pgflow.set_vt_batch(queue_name text, msg_ids bigint[], vt_offsets int[])
returns table (
  msg_id bigint, read_ct int, enqueued_at timestamptz, vt timestamptz, message jsonb, headers jsonb
)
language plpgsql
set search_path to ''
as $$
begin
  if queue_name is null or msg_ids is null or vt_offsets is null then
    return;
  elsif cardinality(msg_ids) <> cardinality(vt_offsets) then
    raise exception 'msg_ids length (%) must equal vt_offsets length (%)',
      cardinality(msg_ids), cardinality(vt_offsets) using errcode = 'PF006';
  end if;

  return query execute format(
    $query$
      update pgmq.%I as m
      set vt = clock_timestamp() + make_interval(secs => o.seconds)
      from unnest($1, $2) as o (msg_id, seconds)
      where m.msg_id = o.msg_id
      returning m.msg_id, m.read_ct, m.enqueued_at, m.vt, m.message, m.headers
    $query$,
    'q_' || lower(queue_name)
  ) using msg_ids, vt_offsets;
end;
$$;
