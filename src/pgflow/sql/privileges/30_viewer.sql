-- What a viewer may do here: read, ask what holds a run up, and hear what happens to runs.
do $$
begin
  if not exists (select from pg_catalog.pg_roles r where r.rolname = 'pgflow_viewer') then
    return;
  end if;

  revoke all on all functions in schema pgflow from pgflow_viewer;
  revoke all on all tables in schema pgflow from pgflow_viewer;

  grant usage on schema pgflow to pgflow_viewer;
  grant select on all tables in schema pgflow to pgflow_viewer;
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
    pgflow.watch_run(uuid, uuid),
    pgflow.unwatch_run(uuid, uuid)
  to pgflow_viewer;
end;
$$;
