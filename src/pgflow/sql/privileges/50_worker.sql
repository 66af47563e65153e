-- What a worker may do here: register, claim, report, and see how long the queues are. It reads no
-- table but the ledger of the engine, and registers no flows: that is left to whoever deploys.
do $$
begin
  if not exists (select from pg_catalog.pg_roles r where r.rolname = 'pgflow_worker') then
    return;
  end if;

  revoke all on all functions in schema pgflow from pgflow_worker;
  revoke all on all tables in schema pgflow from pgflow_worker;

  grant usage on schema pgflow to pgflow_worker;
  grant select on pgflow.migrations, pgflow.installation to pgflow_worker;
  grant execute on function
    pgflow._get_flow_definition(text),
    pgflow.register_worker(uuid, text, text, text[]),
    pgflow.hold_worker_lock(uuid),
    pgflow.heartbeat(uuid, jsonb),
    pgflow.hand_back_unheld(uuid, jsonb),
    pgflow.mark_worker_stopped(uuid),
    pgflow.track_worker_function(text),
    pgflow.report_and_claim(uuid, jsonb, text[], int),
    pgflow.report_tasks(uuid, jsonb),
    pgflow.claim_tasks(uuid, text[], int),
    pgflow.flow_inputs(uuid[]),
    pgflow.queue_depths(),
    pgflow.begin_idle(text[]),
    pgflow.end_idle(text[]),
    pgflow.idle_status(text[]),
    pgflow.trace_runs(uuid[], jsonb),
    pgflow.open_traces(uuid),
    pgflow.collect_spans(uuid[])
  to pgflow_worker;
end;
$$;
