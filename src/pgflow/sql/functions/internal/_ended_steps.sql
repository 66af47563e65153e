-- The steps of runs that have ended, and when: a step that was interrupted ends with its run. Left
-- out is what a run has taken over from another.
create or replace function pgflow._ended_steps(run_ids uuid[])
returns table (
  run_id uuid, flow_slug text, step_slug text, status text, error_message text, skip_reason text,
  tasks int, started_at timestamptz, ended_at timestamptz
)
language sql stable
set search_path to ''
as $$
  select s.run_id, s.flow_slug, s.step_slug, s.status, s.error_message, s.skip_reason,
    s.initial_tasks, coalesce(s.started_at, ends.ended_at), ends.ended_at
  from pgflow.step_states s
  join pgflow.runs r on r.run_id = s.run_id
  cross join lateral (
    select coalesce(s.completed_at, s.failed_at, s.skipped_at, r.failed_at, r.cancelled_at)
  ) as ends (ended_at)
  where s.run_id = any (_ended_steps.run_ids)
    and (
      s.status in ('completed', 'failed', 'skipped')
      or s.status = 'cancelled' and s.started_at is not null
    )
    and not (
      ends.ended_at = r.started_at
      and exists (
        select from pgflow.run_actions a where a.run_id = r.run_id and a.action = 'rerun'
      )
    )
$$;
