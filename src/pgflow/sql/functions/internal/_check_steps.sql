-- The rules that the steps of runs break. An output that somebody has put into the place of another
-- when he ran a run again has no tasks to show for it.
create or replace function pgflow._check_steps() returns table (invariant text, detail text)
language sql stable
set search_path to ''
as $$
  with task as (
    select
      t.run_id, t.step_slug, count(*) as known,
      count(*) filter (where t.status <> 'completed') as remaining,
      count(*) filter (where t.status in ('queued', 'started')) as open
    from pgflow.step_tasks t
    group by t.run_id, t.step_slug
  ),
  step as (
    select
      s.*, coalesce(t.known, 0) as known, coalesce(t.remaining, 0) as remaining,
      coalesce(t.open, 0) as open,
      (
        select count(*)
        from pgflow.deps d
        join pgflow.step_states p on p.run_id = s.run_id and p.step_slug = d.dep_slug
        where d.flow_slug = s.flow_slug and d.step_slug = s.step_slug
          and p.status not in ('completed', 'skipped')
      ) as blockers,
      exists (
        select from pgflow.runs r where r.run_id = s.run_id and r.paused_at is not null
      ) as paused,
      exists (
        select from pgflow.run_actions a
        where a.run_id = s.run_id and a.action = 'rerun' and a.detail -> 'input' ? s.step_slug
      ) as edited
    from pgflow.step_states s
    left join task t on t.run_id = s.run_id and t.step_slug = s.step_slug
  )
  select
    rule.invariant,
    format(
      'step %s of run %s: status %s, remaining_deps %s with %s unfinished dependencies, '
        'initial_tasks %s, remaining_tasks %s, of its %s tasks %s remain and %s are open',
      s.step_slug, s.run_id, s.status, s.remaining_deps, s.blockers,
      coalesce(s.initial_tasks::text, '-'), coalesce(s.remaining_tasks::text, '-'),
      s.known, s.remaining, s.open
    )
  from step s
  cross join lateral (values
    ('a step counts its unfinished dependencies', s.status = 'created' and s.remaining_deps <> s.blockers),
    ('a step that waits for nothing is started', s.status = 'created' and s.remaining_deps = 0 and not s.paused),
    ('a step without a start has no tasks', s.status = 'created' and s.known > 0),
    ('a started step has all its tasks',
      s.status in ('started', 'completed') and s.initial_tasks is distinct from s.known
        and not s.edited),
    ('a started step counts its remaining tasks',
      s.status in ('started', 'completed') and s.remaining_tasks is distinct from s.remaining
        and not s.edited),
    ('a started step has a remaining task', s.status = 'started' and s.remaining = 0),
    ('a started step has open tasks only beside completed ones',
      s.status = 'started' and s.remaining <> s.open),
    ('a step that is not started has no open task', s.status <> 'started' and s.open > 0)
  ) as rule (invariant, broken)
  where rule.broken
$$;
