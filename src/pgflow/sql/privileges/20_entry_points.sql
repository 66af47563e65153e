-- The functions that the roles call run with the rights of their owner: nobody but the owner needs access to
-- the tables or to pgmq. Each checks its arguments and touches nothing but what it is for. Whatever
-- these call runs with the owner's rights as well; all other functions stay the caller's own business.

-- for clients
alter function pgflow.start_flow(text, jsonb, uuid) security definer;
alter function pgflow.start_flows(text, jsonb, uuid[], interval) security definer;
alter function pgflow.cancel_run(uuid) security definer;
alter function pgflow.retry_run(uuid) security definer;
alter function pgflow.start_paused(text, jsonb, uuid) security definer;
alter function pgflow.pause_run(uuid) security definer;
alter function pgflow.resume_run(uuid) security definer;
alter function pgflow.release_step(uuid, text) security definer;
alter function pgflow.edit_step_output(uuid, text, jsonb) security definer;
alter function pgflow.rerun_from_step(uuid, text, jsonb, boolean) security definer;
alter function pgflow.watch_run(uuid, uuid, boolean) security definer;
alter function pgflow.unwatch_run(uuid, uuid) security definer;
alter function pgflow.trace_runs(uuid[], jsonb) security definer;

-- for everybody who reads
alter function pgflow.explain_run(uuid) security definer;
alter function pgflow.check_invariants() security definer;
alter function pgflow.queue_depths() security definer;
alter function pgflow.held_tasks() security definer;

-- for workers
alter function pgflow._get_flow_definition(text) security definer;
alter function pgflow.register_worker(uuid, text, text, text[]) security definer;
alter function pgflow.hold_worker_lock(uuid) security definer;
alter function pgflow.heartbeat(uuid, jsonb) security definer;
alter function pgflow.hand_back_unheld(uuid, jsonb) security definer;
alter function pgflow.mark_worker_stopped(uuid) security definer;
alter function pgflow.track_worker_function(text) security definer;
alter function pgflow.report_and_claim(uuid, jsonb, text[], int) security definer;
alter function pgflow.report_tasks(uuid, jsonb) security definer;
alter function pgflow.claim_tasks(uuid, text[], int) security definer;
alter function pgflow.flow_inputs(uuid[]) security definer;
alter function pgflow.begin_idle(text[]) security definer;
alter function pgflow.end_idle(text[]) security definer;
alter function pgflow.idle_status(text[]) security definer;
alter function pgflow.open_traces(uuid) security definer;
alter function pgflow.collect_spans(uuid[]) security definer;
