-- What holds the open tasks of a run up, those of one step in one situation taken together: of
-- what differs between them the row shows the earliest time and one worker, attempt and error.
create or replace function pgflow._explain_started_steps(run_id uuid)
returns table (
  step_slug text, situation text, tasks int, since timestamptz, due_at timestamptz, worker_id uuid,
  attempt int, max_attempts int, error_message text, waits_for text[]
)
language sql stable
set search_path to ''
as $$
  with worker as materialized (
    select w.worker_id, pgflow._worker_state(w) as state from pgflow.workers w
  ),
  flow as materialized (
    select r.flow_slug, pgflow._serving_situation(r.flow_slug) as due_situation
    from pgflow.runs r where r.run_id = _explain_started_steps.run_id
  ),
  open as (
    select
      (o.task).*, w.worker_id, o.visible_at,
      pgflow._task_situation(o.task, o.visible_at, w.state, f.due_situation) as situation
    from pgflow._open_tasks(_explain_started_steps.run_id) as o
    cross join flow f
    left join worker w on (o.task).status = 'started' and w.worker_id = (o.task).last_worker_id
  )
  select
    o.step_slug, o.situation, count(*)::int,
    min(case o.status when 'started' then o.started_at else o.queued_at end),
    min(case o.status when 'started' then o.lease_expires_at else o.visible_at end),
    min(o.worker_id::text)::uuid,
    max(o.attempts_count), pgflow._max_attempts(o.flow_slug, o.step_slug), min(o.error_message),
    '{}'::text[]
  from open o
  group by o.flow_slug, o.step_slug, o.situation
$$;
