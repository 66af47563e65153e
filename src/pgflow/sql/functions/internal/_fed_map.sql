-- The first map that runs over a step's output.
create or replace function pgflow._fed_map(flow_slug text, step_slug text) returns text
language sql stable
set search_path to ''
as $$
  select s.step_slug
  from pgflow.deps d
  join pgflow.steps s on s.flow_slug = d.flow_slug and s.step_slug = d.step_slug
  where d.flow_slug = _fed_map.flow_slug and d.dep_slug = _fed_map.step_slug and s.step_type = 'map'
  order by s.step_index
  limit 1
$$;
