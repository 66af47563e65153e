-- Hands out the spans of these runs that have ended, each of them once: whoever receives a span
-- exports it. Locks the traces in the order of their runs, and no run. A run without a trace has
-- no spans.
create or replace function pgflow.collect_spans(run_ids uuid[])
returns table (
  run_id uuid, flow_slug text, step_slug text, retries int, carrier jsonb, status text,
  error_message text, skip_reason text, tasks int, started_at timestamptz, ended_at timestamptz
)
language plpgsql
set search_path to ''
as $$
begin
  perform from pgflow.run_traces t
  where t.run_id = any (collect_spans.run_ids) order by t.run_id for update;

  return query
  with fresh as (
    select e.*, t.carrier, pgflow._span_key(e.step_slug, e.retries) as key
    from pgflow._ended_spans(collect_spans.run_ids) as e
    join pgflow.run_traces t on t.run_id = e.run_id
    where pgflow._span_key(e.step_slug, e.retries) <> all (t.exported)
  ),
  marked as (
    update pgflow.run_traces t
    set exported = t.exported || f.keys, is_open = r.status = 'started'
    from (select fresh.run_id, array_agg(fresh.key) as keys from fresh group by fresh.run_id) as f
    join pgflow.runs r on r.run_id = f.run_id
    where t.run_id = f.run_id
    returning t.run_id
  )
  select f.run_id, f.flow_slug, f.step_slug, f.retries, f.carrier, f.status, f.error_message,
    f.skip_reason, f.tasks, f.started_at, f.ended_at
  from fresh f
  join marked m on m.run_id = f.run_id
  order by f.run_id, f.started_at;
end;
$$;
