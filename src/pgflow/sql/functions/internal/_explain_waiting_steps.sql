-- The steps of a run that have not been started, and the steps that they wait for. Those of a
-- paused run that wait for none wait for its end.
create or replace function pgflow._explain_waiting_steps(run_id uuid)
returns table (
  step_slug text, situation text, tasks int, since timestamptz, due_at timestamptz, worker_id uuid,
  attempt int, max_attempts int, error_message text, waits_for text[]
)
language sql stable
set search_path to ''
as $$
  select
    ss.step_slug,
    case
      when ss.remaining_deps > 0 then 'waiting'
      when r.paused_at is not null then 'paused'
      else 'inconsistent'
    end,
    ss.initial_tasks,
    case when ss.remaining_deps = 0 then r.paused_at else ss.created_at end,
    null::timestamptz, null::uuid, null::int, null::int, null::text,
    array(
      select d.dep_slug
      from pgflow.deps d
      join pgflow.step_states p on p.run_id = ss.run_id and p.step_slug = d.dep_slug
      where d.flow_slug = ss.flow_slug and d.step_slug = ss.step_slug
        and p.status not in ('completed', 'skipped')
      order by d.dep_slug
    )
  from pgflow.step_states ss
  join pgflow.runs r on r.run_id = ss.run_id
  where ss.run_id = _explain_waiting_steps.run_id and ss.status = 'created'
$$;
