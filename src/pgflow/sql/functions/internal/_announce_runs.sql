-- Tells whoever listens that runs have reached a status. Free for runs that nobody watches.
create or replace function pgflow._announce_runs(run_ids uuid[], event text) returns void
language plpgsql
set search_path to ''
as $$
declare
  watched uuid[];
begin
  if run_ids is null or not pgflow._has_audience(with_steps => false) then
    return;
  end if;
  watched := pgflow._watched(run_ids, with_steps => false);

  perform pgflow._send_event(r.run_id, 'run:' || event, jsonb_build_object(
    'event_type', 'run:' || event, 'run_id', r.run_id, 'flow_slug', r.flow_slug, 'status', r.status
  ) || case event
    when 'started' then jsonb_build_object(
      'input', r.input, 'remaining_steps', r.remaining_steps, 'started_at', r.started_at
    )
    when 'completed' then jsonb_build_object('output', r.output, 'completed_at', r.completed_at)
    when 'failed' then jsonb_build_object(
      'error_message', r.error_message, 'failed_at', r.failed_at
    )
    else jsonb_build_object('cancelled_at', r.cancelled_at)
  end)
  from pgflow.runs r
  where r.run_id = any (watched);
end;
$$;
