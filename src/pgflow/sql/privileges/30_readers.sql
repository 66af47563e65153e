-- What viewers and clients may do here: read, ask what holds a run up, and hear what happens to runs.
do $$
declare
  reader text;
begin
  for reader in
    select r.rolname from pg_catalog.pg_roles r where r.rolname in ('pgflow_viewer', 'pgflow_client')
  loop
    execute format('
      revoke all on all functions in schema pgflow from %1$I;
      revoke all on all tables in schema pgflow from %1$I;

      grant usage on schema pgflow to %1$I;
      grant select on all tables in schema pgflow to %1$I;
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
        pgflow.watch_run(uuid, uuid, boolean),
        pgflow.unwatch_run(uuid, uuid)
      to %1$I', reader);
  end loop;
end;
$$;
