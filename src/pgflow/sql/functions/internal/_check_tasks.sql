-- The rules that tasks break, those about their messages left out.
create or replace function pgflow._check_tasks() returns table (invariant text, detail text)
language sql stable
set search_path to ''
as $$
  select
    rule.invariant,
    format('task %s of step %s of run %s: status %s, attempts_count %s',
      t.task_index, t.step_slug, t.run_id, t.status, t.attempts_count)
  from pgflow.step_tasks t
  left join pgflow.step_states s on s.run_id = t.run_id and s.step_slug = t.step_slug
  cross join lateral (values
    ('a task belongs to a step', s.step_slug is null),
    ('a task is one of those that its step has', t.task_index >= s.initial_tasks),
    ('a task that was worked on has had an attempt',
      t.status in ('started', 'completed', 'failed') and t.attempts_count = 0)
  ) as rule (invariant, broken)
  where rule.broken
$$;
