-- What the one task of each single step of a run receives, as far as its dependencies have ended: the run's
-- input for a root, else the object of their outputs. An element of a map is in step_tasks.
create or replace view pgflow.step_inputs as
select
  r.run_id, s.step_slug,
  case
    when s.deps_count = 0 then r.input
    else (
      select coalesce(jsonb_object_agg(d.dep_slug, p.output), '{}')
      from pgflow.deps d
      join pgflow.step_states p on p.run_id = r.run_id and p.step_slug = d.dep_slug
      where d.flow_slug = s.flow_slug and d.step_slug = s.step_slug and p.status = 'completed'
    )
  end as input
from pgflow.runs r
join pgflow.steps s on s.flow_slug = r.flow_slug;
