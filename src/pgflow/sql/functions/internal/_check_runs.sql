-- The rules that runs break.
create or replace function pgflow._check_runs() returns table (invariant text, detail text)
language sql stable
set search_path to ''
as $$
  with step as (
    select
      s.run_id, count(*) as known,
      count(*) filter (where s.status not in ('completed', 'skipped')) as remaining,
      count(*) filter (where s.status in ('created', 'started')) as open
    from pgflow.step_states s
    group by s.run_id
  ),
  run as (
    select
      r.*, coalesce(s.known, 0) as known, coalesce(s.remaining, 0) as remaining,
      coalesce(s.open, 0) as open,
      (select count(*) from pgflow.steps d where d.flow_slug = r.flow_slug) as defined
    from pgflow.runs r
    left join step s on s.run_id = r.run_id
  )
  select
    rule.invariant,
    format('run %s of flow %s: status %s, remaining_steps %s, of its %s steps %s remain and %s are open',
      r.run_id, r.flow_slug, r.status, r.remaining_steps, r.known, r.remaining, r.open)
  from run r
  cross join lateral (values
    ('a run has a state for each step of its flow', r.known <> r.defined),
    ('a run counts its remaining steps', r.remaining_steps <> r.remaining),
    ('a run that has ended has no open step', r.status <> 'started' and r.open > 0),
    ('a run in progress has an open step', r.status = 'started' and r.open = 0)
  ) as rule (invariant, broken)
  where rule.broken
$$;
