-- What a client may do here: what a viewer may, and start, steer and watch runs.
do $$
begin
  if not exists (select from pg_catalog.pg_roles r where r.rolname = 'pgflow_client') then
    return;
  end if;

  revoke all on all functions in schema pgflow from pgflow_client;
  revoke all on all tables in schema pgflow from pgflow_client;

  grant usage on schema pgflow to pgflow_client;
  grant select on all tables in schema pgflow to pgflow_client;
  grant execute on function
    pgflow.queue_name(text),
    pgflow._worker_key(uuid),
    pgflow._worker_state(pgflow.workers),
    pgflow.explain_run(uuid),
    pgflow.check_invariants(),
    pgflow.queue_depths(),
    pgflow.held_tasks(),
    pgflow._get_flow_definition(text),
    pgflow.get_run_with_states(uuid),
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
    pgflow.watch_run(uuid, uuid),
    pgflow.unwatch_run(uuid, uuid),
    pgflow.trace_runs(uuid[], jsonb)
  to pgflow_client;
end;
$$;
