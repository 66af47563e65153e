-- Completes runs of a flow that has no steps.
create or replace function pgflow._finish_empty_runs(run_ids uuid[]) returns void
language plpgsql
set search_path to ''
as $$
begin
  update pgflow.runs r
  set status = 'completed', completed_at = greatest(clock_timestamp(), r.started_at)
  where r.run_id = any (run_ids);

  perform pgflow._announce_runs(run_ids, 'completed');
end;
$$;
