-- Everything that depends on the given steps, directly or not, whatever the distance.
create or replace function pgflow._descendants(refs pgflow.step_ref[])
returns setof pgflow.step_ref
language sql stable
set search_path to ''
as $$
  with recursive descendant as (
    select r.flow_slug, r.run_id, d.step_slug
    from unnest(refs) as r
    join pgflow.deps d on d.flow_slug = r.flow_slug and d.dep_slug = r.step_slug
    union
    select a.flow_slug, a.run_id, d.step_slug
    from descendant a
    join pgflow.deps d on d.flow_slug = a.flow_slug and d.dep_slug = a.step_slug
  )
  select d.flow_slug, d.run_id, d.step_slug from descendant d
$$;
