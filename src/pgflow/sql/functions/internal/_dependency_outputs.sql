-- The input of a single step with dependencies: the outputs of those that completed, by slug.
create or replace function pgflow._dependency_outputs(flow_slug text, run_id uuid, step_slug text)
returns jsonb
language plpgsql stable
set search_path to ''
as $$
begin
  return (
    select coalesce(jsonb_object_agg(d.dep_slug, p.output), '{}')
    from pgflow.deps d
    join pgflow.step_states p on p.run_id = _dependency_outputs.run_id and p.step_slug = d.dep_slug
    where d.flow_slug = _dependency_outputs.flow_slug
      and d.step_slug = _dependency_outputs.step_slug
      and p.status = 'completed'
  );
end;
$$;
