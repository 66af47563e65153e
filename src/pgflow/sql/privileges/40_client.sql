-- What a client may do here besides: start and steer runs.
do $$
begin
  if not exists (select from pg_catalog.pg_roles r where r.rolname = 'pgflow_client') then
    return;
  end if;

  grant execute on function
    pgflow.start_flow(text, jsonb, uuid),
    pgflow.start_flows(text, jsonb, uuid[], interval),
    pgflow.start_flow_with_states(text, jsonb, uuid),
    pgflow.cancel_run(uuid),
    pgflow.retry_run(uuid),
    pgflow.start_paused(text, jsonb, uuid),
    pgflow.pause_run(uuid),
    pgflow.resume_run(uuid),
    pgflow.release_step(uuid, text),
    pgflow.edit_step_output(uuid, text, jsonb),
    pgflow.rerun_from_step(uuid, text, jsonb, boolean),
    pgflow.trace_runs(uuid[], jsonb)
  to pgflow_client;
end;
$$;
