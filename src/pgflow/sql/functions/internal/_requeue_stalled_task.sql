-- Puts one stalled task back into the queue, or fails it for good when that has not helped three
-- times.
create or replace function pgflow._requeue_stalled_task(task pgflow.task_ref, hopeless boolean)
returns void
language plpgsql
set search_path to ''
as $$
begin
  if hopeless then
    update pgflow.step_tasks t set permanently_stalled_at = clock_timestamp()
    where t.run_id = task.run_id and t.step_slug = task.step_slug
      and t.task_index = task.task_index;
    perform from pgflow.report_tasks(null, jsonb_build_array(jsonb_build_object(
      'run_id', task.run_id, 'step_slug', task.step_slug, 'task_index', task.task_index,
      'error', 'stalled: requeued three times and never finished', 'retry', false
    )));
    return;
  end if;

  update pgflow.step_tasks t
  set status = 'queued', started_at = null, lease_expires_at = null,
    requeued_count = t.requeued_count + 1, last_requeued_at = clock_timestamp()
  where t.run_id = task.run_id and t.step_slug = task.step_slug and t.task_index = task.task_index
    and t.status = 'started';
  perform pgflow._delay_messages(array[task], array[0]);
  perform pgflow._wake_workers(array[task.flow_slug]);
end;
$$;
