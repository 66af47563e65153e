-- Carries on a failed or cancelled run: completed tasks keep their outputs, also inside a
-- half-done map; failed and cancelled work gets fresh attempts. A run in progress is returned
-- unchanged; a completed one raises PF007, an unknown one PF002.
create or replace function pgflow.retry_run(run_id uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  run constant pgflow.runs := pgflow._lock_run(retry_run.run_id);
  ready pgflow.step_ref[];
begin
  if run.status = 'completed' then
    raise exception 'run % has completed: only a failed or cancelled run can be retried', run_id
      using errcode = 'PF007';
  elsif run.status in ('failed', 'cancelled') then
    update pgflow.runs r
    set status = 'started', error_message = null, failed_at = null, cancelled_at = null
    where r.run_id = retry_run.run_id;

    ready := pgflow._reopen_steps(retry_run.run_id);
    perform pgflow._requeue_closed_tasks(run.flow_slug, retry_run.run_id);
    perform pgflow._announce_runs(array[retry_run.run_id], 'started');
    if run.paused_at is null then
      perform pgflow._advance('{}', ready);
    end if;
    perform pgflow._note_action(retry_run.run_id, 'retry');
    perform pgflow._wake_workers(array[run.flow_slug]);
  end if;

  return query select r.* from pgflow.runs r where r.run_id = retry_run.run_id;
end;
$$;
