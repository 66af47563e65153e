-- Each hot call has one plan, the same for an empty database and for a full one, with statistics
-- and without: generic, through indexes alone. What these functions call inherits their settings.
do $$
declare
  entry regproc;
begin
  foreach entry in array array[
    -- for clients
    'pgflow.start_flow',
    'pgflow.start_flows',
    'pgflow.cancel_run',
    'pgflow.retry_run',
    'pgflow.start_paused',
    'pgflow.resume_run',
    'pgflow.release_step',
    'pgflow.edit_step_output',
    'pgflow.rerun_from_step',
    'pgflow.trace_runs',
    -- for workers
    'pgflow.heartbeat',
    'pgflow.hand_back_unheld',
    'pgflow.report_and_claim',
    'pgflow.report_tasks',
    'pgflow.claim_tasks',
    'pgflow.start_tasks',
    'pgflow.collect_spans',
    -- for whoever looks after others
    'pgflow.recover_dead_workers',
    'pgflow.requeue_stalled_tasks'
  ]::regproc[] loop
    execute format('
      alter function %s
      set plan_cache_mode to force_generic_plan
      set jit to off
      set enable_seqscan to off
      set enable_hashjoin to off
      set enable_mergejoin to off
      set enable_material to off
      set random_page_cost to 0', entry);
  end loop;
end;
$$;
