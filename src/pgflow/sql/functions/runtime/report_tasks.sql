-- Reports the outcomes of tasks (sql/README.md, "The worker's wire protocol"). Returns those that
-- were refused.
create or replace function pgflow.report_tasks(worker_id uuid, outcomes jsonb)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  answer record;
begin
  answer := pgflow._report(worker_id, outcomes);
  perform pgflow._wake_workers(answer.flow_slugs);
  return query select * from pgflow._refusals(answer.refused);
end;
$$;
