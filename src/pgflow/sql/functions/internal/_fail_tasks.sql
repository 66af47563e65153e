-- Ends attempts that failed, were lost with their worker, or are handed back. Attempts left: the
-- task goes back to the queue, at once or after its back-off. None left, or told not to retry:
-- the task has failed, and its step's when_exhausted decides. A task handed back keeps its
-- attempt. Returns the tasks that the outcomes hit, and the steps that were skipped.
create or replace function pgflow._fail_tasks(
  worker_id uuid, outcomes pgflow.outcome[],
  out hit pgflow.task_ref[], out skipped pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
declare
  exhausted pgflow.task_ref[];
  again pgflow.task_ref[];
  messages text[];
  delays int[];
begin
  with ended as materialized (
    select * from pgflow._judge_failures(_fail_tasks.worker_id, outcomes)
  ),
  changed as (
    update pgflow.step_tasks t
    set status = case when e.exhausted then 'failed' else 'queued' end,
      attempts_count = t.attempts_count - case when e.released then 1 else 0 end,
      error_message = coalesce(e.message, t.error_message),
      lease_expires_at = null,
      started_at = case when e.exhausted then t.started_at end,
      failed_at = case when e.exhausted then greatest(clock_timestamp(), t.started_at) end
    from ended e
    where t.run_id = (e.task).run_id and t.step_slug = (e.task).step_slug
      and t.task_index = (e.task).task_index
    returning e.task, e.exhausted, e.message, e.delay
  )
  select
    array_agg(c.task),
    array_agg(c.task) filter (where c.exhausted),
    array_agg(c.message) filter (where c.exhausted),
    array_agg(c.task) filter (where not c.exhausted),
    array_agg(c.delay) filter (where not c.exhausted)
  into hit, exhausted, messages, again, delays
  from changed c;

  perform pgflow._delay_messages(again, delays);
  perform pgflow._archive_messages(exhausted);
  skipped := pgflow._end_exhausted_steps(pgflow._steps_of(exhausted), messages);
end;
$$;
