-- The tasks of a run that are queued or started, and when the message of each can be read; null
-- when it has none.
create or replace function pgflow._open_tasks(run_id uuid)
returns table (task pgflow.step_tasks, visible_at timestamptz)
language plpgsql stable
set search_path to ''
as $$
begin
  return query execute format(
    $query$
      select t, m.vt
      from pgflow.step_tasks t
      left join pgmq.%I as m on m.msg_id = t.message_id
      where t.run_id = $1 and t.status in ('queued', 'started')
    $query$,
    'q_' || pgflow.queue_name((select r.flow_slug from pgflow.runs r where r.run_id = _open_tasks.run_id))
  ) using run_id;
end;
$$;
