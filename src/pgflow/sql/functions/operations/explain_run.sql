-- Why a run is where it is: for each open step what holds up how many of its tasks. A run that has
-- ended has no rows, an unknown one raises PF002. The situation of a step that has not started is
-- `waiting` (for the steps in waits_for) or `paused` (the run is). That of a task is one of those
-- that _task_situation and _serving_situation tell; `since` is when it got into it, `due_at` when it
-- gets out of it by itself. `inconsistent`: the rows contradict each other, check_invariants says
-- how.
create or replace function pgflow.explain_run(run_id uuid)
returns table (
  step_slug text, situation text, tasks int, since timestamptz, due_at timestamptz, worker_id uuid,
  attempt int, max_attempts int, error_message text, waits_for text[]
)
language plpgsql stable
set search_path to ''
as $$
begin
  if not exists (select from pgflow.runs r where r.run_id = explain_run.run_id) then
    raise exception 'run % does not exist', run_id using errcode = 'PF002';
  end if;

  return query
  select e.*
  from (
    select * from pgflow._explain_waiting_steps(explain_run.run_id)
    union all
    select * from pgflow._explain_started_steps(explain_run.run_id)
  ) as e (
    step_slug, situation, tasks, since, due_at, worker_id, attempt, max_attempts, error_message, waits_for
  )
  join pgflow.runs r on r.run_id = explain_run.run_id
  join pgflow.steps s on s.flow_slug = r.flow_slug and s.step_slug = e.step_slug
  order by s.step_index, e.situation;
end;
$$;
