-- What holds an open task up. Queued: `start_delay`, `retry_due`, or, when it is due, what holds up
-- all tasks of its flow that are. Started: `running`; `worker_silent`, its worker lives but does
-- not answer, like a process that was stopped; `worker_dead`, any worker that lives puts it back;
-- `lease_expired`, whoever is free next takes it over. `visible_at` is when its message can be
-- read.
create or replace function pgflow._task_situation(
  task pgflow.step_tasks, visible_at timestamptz, worker_state text, due_situation text
) returns text
language sql stable
set search_path to ''
as $$
  select case
    when visible_at is null then 'inconsistent'
    when task.status = 'queued' and visible_at <= clock_timestamp() then due_situation
    when task.status = 'queued' and task.attempts_count > 0 then 'retry_due'
    when task.status = 'queued' then 'start_delay'
    when task.lease_expires_at <= clock_timestamp() then 'lease_expired'
    when worker_state in ('alive', 'draining') then 'running'
    when worker_state = 'silent' then 'worker_silent'
    else 'worker_dead'
  end
$$;
