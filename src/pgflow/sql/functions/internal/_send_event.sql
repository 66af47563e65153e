-- Sends an event: on channel pgflow_run where the run is watched, and through realtime.send where
-- it exists. Sending never fails a transition.
create or replace function pgflow._send_event(run_id uuid, event text, payload jsonb) returns void
language plpgsql
set search_path to ''
as $$
begin
  perform pg_notify('pgflow_run', case
    when octet_length(payload::text) < 7500 then payload::text
    else pgflow._shortened(payload)::text
  end)
  where exists (
    select from pgflow.run_watches w
    where w.run_id in (_send_event.run_id, '00000000-0000-0000-0000-000000000000')
  );

  if pgflow._has_realtime() then
    execute 'select realtime.send($1, $2, $3, false)'
    using payload, event, 'pgflow:run:' || run_id;
  end if;
exception when others then
  raise warning 'event % of run % was not sent: %', event, run_id, sqlerrm;
end;
$$;
