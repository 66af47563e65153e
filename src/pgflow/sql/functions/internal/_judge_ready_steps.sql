-- Decides what becomes of ready steps: a condition may skip or fail them, a map without elements
-- completes at once, the others are to be started. `ended` holds what was skipped or completed.
create or replace function pgflow._judge_ready_steps(
  ready pgflow.step_ref[], out ended pgflow.step_ref[], out startable pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
declare
  conditional pgflow.step_ref[];
  taskless pgflow.step_ref[];
  verdict record;
begin
  select
    array_agg(r) filter (where s.conditional),
    array_agg(r) filter (where not s.conditional and ss.initial_tasks = 0),
    array_agg(r) filter (where not s.conditional and ss.initial_tasks > 0)
  into conditional, taskless, startable
  from unnest(ready) as r
  cross join lateral (
    select x.status, x.initial_tasks from pgflow.step_states x
    where x.run_id = r.run_id and x.step_slug = r.step_slug
    limit 1
  ) as ss
  cross join lateral (
    select d.required_input_pattern is not null or d.forbidden_input_pattern is not null
    from pgflow.steps d
    where d.flow_slug = r.flow_slug and d.step_slug = r.step_slug
  ) as s (conditional)
  where ss.status = 'created';

  if conditional is not null then
    verdict := pgflow._judge_conditions(conditional);
    ended := verdict.ended;
    taskless := taskless || verdict.taskless;
    startable := startable || verdict.startable;
  end if;
  if taskless is not null then
    ended := ended || pgflow._complete_taskless_steps(taskless);
  end if;
end;
$$;
