-- Creates a run that starts no step: release_step starts them one by one, resume_run all.
create or replace function pgflow.start_paused(
  flow_slug text, input jsonb, run_id uuid default null
) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  new_id constant uuid := coalesce(start_paused.run_id, pgflow.new_run_id());
begin
  perform pgflow._start_runs(
    start_paused.flow_slug, array[new_id], array[start_paused.input], paused => true
  );

  return query select r.* from pgflow.runs r where r.run_id = new_id;
end;
$$;
