-- The steps of a paused run that could start, in the order of the definition.
create or replace function pgflow._ready_steps(run_id uuid) returns pgflow.step_ref[]
language sql stable
set search_path to ''
as $$
  select array_agg(
    row(ss.flow_slug, ss.run_id, ss.step_slug)::pgflow.step_ref order by s.step_index
  )
  from pgflow.step_states ss
  join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
  where ss.run_id = _ready_steps.run_id and ss.status = 'created' and ss.remaining_deps = 0
$$;
