-- The inputs of runs.
create or replace function pgflow.flow_inputs(run_ids uuid[])
returns table (run_id uuid, input jsonb)
language sql stable
set search_path to ''
as $$
  select r.run_id, r.input from pgflow.runs r where r.run_id = any (flow_inputs.run_ids)
$$;
