-- Takes ended steps off their dependents' counts, sizes dependent maps (a map's own tasks, an
-- array's length, none when the step was skipped), and returns the dependents that have become
-- ready. Those that were cancelled with their run are counted down as well: it may be retried.
create or replace function pgflow._unlock_dependents(ended pgflow.step_ref[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  ready pgflow.step_ref[];
begin
  with child as (
    select
      e.run_id, d.step_slug, count(*)::int as parents,
      max(case when c.step_type = 'map' then (
        select case
          when p.status = 'skipped' then 0
          else coalesce(jsonb_array_length(p.output), 0)
        end
        from pgflow.step_states p where p.run_id = e.run_id and p.step_slug = e.step_slug
      ) end) as size
    from unnest(ended) as e
    join pgflow.deps d on d.flow_slug = e.flow_slug and d.dep_slug = e.step_slug
    join pgflow.steps c on c.flow_slug = d.flow_slug and c.step_slug = d.step_slug
    group by e.run_id, d.step_slug
  ),
  unlocked as (
    update pgflow.step_states s
    set remaining_deps = s.remaining_deps - child.parents,
      initial_tasks = coalesce(s.initial_tasks, child.size)
    from child
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = child.run_id and x.step_slug = child.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status in ('created', 'cancelled')
    returning s.flow_slug, s.run_id, s.step_slug, s.status, s.remaining_deps
  )
  select array_agg(row(u.flow_slug, u.run_id, u.step_slug)::pgflow.step_ref) into ready
  from unlocked u where u.remaining_deps = 0 and u.status = 'created';
  return ready;
end;
$$;
