-- Opens the failed and cancelled steps of a run again: those with tasks are started, the others
-- created. Returns the created ones that wait for nothing.
create or replace function pgflow._reopen_steps(run_id uuid) returns pgflow.step_ref[]
language sql
set search_path to ''
as $$
  with reopened as (
    update pgflow.step_states s
    set status = case when s.started_at is null then 'created' else 'started' end,
      error_message = null, failed_at = null
    where s.run_id = _reopen_steps.run_id and s.status in ('failed', 'cancelled')
    returning s.flow_slug, s.run_id, s.step_slug, s.status, s.remaining_deps
  )
  select array_agg(row(r.flow_slug, r.run_id, r.step_slug)::pgflow.step_ref)
  from reopened r where r.status = 'created' and r.remaining_deps = 0
$$;
