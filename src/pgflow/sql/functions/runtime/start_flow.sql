-- Starts one run. A run_id that exists raises a unique violation; start_flows is the idempotent
-- form.
create or replace function pgflow.start_flow(flow_slug text, input jsonb, run_id uuid default null)
returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  new_id constant uuid := coalesce(start_flow.run_id, pgflow.new_run_id());
begin
  perform pgflow._start_runs(start_flow.flow_slug, array[new_id], array[start_flow.input]);

  return query select r.* from pgflow.runs r where r.run_id = new_id;
end;
$$;
