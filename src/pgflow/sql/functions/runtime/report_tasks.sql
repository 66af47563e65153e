-- Reports the outcomes of tasks (sql/README.md, "The worker's wire protocol"). Returns those that
-- were refused.
create or replace function pgflow.report_tasks(worker_id uuid, outcomes jsonb)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  answer record;
begin
  answer := pgflow._report(worker_id, outcomes);
  perform pgflow._wake_workers(answer.flow_slugs);
  return query select * from pgflow._refusals(answer.refused);
end;
$$;
