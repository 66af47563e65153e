-- Those of the tasks that a worker believes to hold which are not, or no longer, its own.
create or replace function pgflow._lost_tasks(worker_id uuid, held jsonb) returns jsonb
language sql stable
set search_path to ''
as $$
  select coalesce(jsonb_agg(h.task), '[]')
  from jsonb_array_elements(held) as h (task)
  where not exists (
    select from pgflow.step_tasks t
    where t.run_id = (h.task ->> 'run_id')::uuid
      and t.step_slug = h.task ->> 'step_slug'
      and t.task_index = (h.task ->> 'task_index')::int
      and t.status = 'started'
      and t.attempts_count = (h.task ->> 'attempt')::int
      and t.last_worker_id = _lost_tasks.worker_id
  )
$$;
