-- Starts a run and returns it with its steps. Runs with its owner's rights; granted to nobody.
create or replace function pgflow.start_flow_with_states(
  flow_slug text, input jsonb, run_id uuid default null
) returns jsonb
language plpgsql
security definer
set search_path to ''
as $$
declare
  started_id uuid;
begin
  select r.run_id into started_id
  from pgflow.start_flow(flow_slug, input, start_flow_with_states.run_id) as r;
  return pgflow.get_run_with_states(started_id);
end;
$$;
