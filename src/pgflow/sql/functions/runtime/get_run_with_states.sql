-- A run and its steps as one JSON value, null when it is unknown. Runs with its owner's rights,
-- so that a client without access to the tables can be allowed to call it; granted to nobody.
create or replace function pgflow.get_run_with_states(run_id uuid) returns jsonb
language sql stable
security definer
set search_path to ''
as $$
  select jsonb_build_object(
    'run', to_jsonb(r),
    'steps', coalesce(
      (
        select jsonb_agg(to_jsonb(ss) order by s.step_index)
        from pgflow.step_states ss
        join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
        where ss.run_id = r.run_id
      ),
      '[]'
    )
  )
  from pgflow.runs r
  where r.run_id = get_run_with_states.run_id
$$;
