-- Fails one attempt of a task, without a fence. A late or repeated call changes nothing. Returns
-- the task.
create or replace function pgflow.fail_task(
  run_id uuid, step_slug text, task_index int, error_message text
) returns setof pgflow.step_tasks
language plpgsql
set search_path to ''
as $$
begin
  perform from pgflow.report_tasks(null, jsonb_build_array(jsonb_build_object(
    'run_id', run_id, 'step_slug', step_slug, 'task_index', task_index,
    'error', coalesce(error_message, 'unknown error')
  )));
  return query
  select t.* from pgflow.step_tasks t
  where t.run_id = fail_task.run_id and t.step_slug = fail_task.step_slug
    and t.task_index = fail_task.task_index;
end;
$$;
