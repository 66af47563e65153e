-- Takes ended steps off their dependents' counts and sizes dependent maps (a map's own tasks, an
-- array's length, none when the step was skipped). Dependents that wait for nothing any more are
-- `started` in the same write, unless there is something to judge first in their run: a condition,
-- or a map without elements. Then they are only `ready`. Of paused runs neither is returned. Those
-- that were cancelled with their run are counted down as well: it may be retried.
create or replace function pgflow._unlock_dependents(
  ended pgflow.step_ref[], paused uuid[], out started pgflow.step_ref[], out ready pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
begin
  with child as (
    select
      e.run_id, c.step_slug, count(*)::int as parents,
      c.required_input_pattern is not null or c.forbidden_input_pattern is not null as conditional,
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
    group by e.run_id, c.flow_slug, c.step_slug
  ),
  unlocked as (
    update pgflow.step_states s
    set remaining_deps = s.remaining_deps - child.parents,
      initial_tasks = at.tasks,
      status = case when at.starts then 'started' else s.status end,
      remaining_tasks = case when at.starts then at.tasks else s.remaining_tasks end,
      started_at = case
        when at.starts then greatest(clock_timestamp(), s.created_at) else s.started_at
      end
    from (
      select c.*, bool_or(c.conditional or coalesce(c.size = 0, false)) over run as is_judged
      from child c
      window run as (partition by c.run_id)
    ) as child
    cross join lateral (
      select x.ctid, t.tasks, r.is_ready, r.is_ready and not child.is_judged as starts
      from pgflow.step_states x
      cross join lateral (select coalesce(x.initial_tasks, child.size)) as t (tasks)
      cross join lateral (
        select x.status = 'created' and x.remaining_deps = child.parents
          and (paused is null or x.run_id <> all (paused))
      ) as r (is_ready)
      where x.run_id = child.run_id and x.step_slug = child.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status in ('created', 'cancelled')
    returning s.flow_slug, s.run_id, s.step_slug, at.is_ready, at.starts
  )
  select
    array_agg(row(u.flow_slug, u.run_id, u.step_slug)::pgflow.step_ref) filter (where u.starts),
    array_agg(row(u.flow_slug, u.run_id, u.step_slug)::pgflow.step_ref)
      filter (where u.is_ready and not u.starts)
  into started, ready
  from unlocked u;
end;
$$;
