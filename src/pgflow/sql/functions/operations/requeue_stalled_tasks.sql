-- For operators and cron; workers do the same continuously and sooner. Tasks that started longer
-- ago than their timeout and thirty seconds go back to the queue, three times at most; then they
-- fail for good, through the normal path. Returns the number of tasks.
create or replace function pgflow.requeue_stalled_tasks() returns int
language plpgsql
set search_path to ''
as $$
declare
  stalled record;
  total int := 0;
begin
  for stalled in
    select r.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, t.attempts_count,
      t.requeued_count >= 3 as hopeless
    from pgflow.runs r
    join pgflow.flows f on f.flow_slug = r.flow_slug
    join pgflow.step_tasks t on t.run_id = r.run_id
    join pgflow.steps s on s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
    where r.status = 'started' and t.status = 'started'
      and t.started_at
        < clock_timestamp() - make_interval(secs => coalesce(s.opt_timeout, f.opt_timeout) + 30)
    order by t.run_id, t.step_slug, t.task_index
    for no key update of r
  loop
    -- Claims lock no run: while this one was waited for, another attempt may have begun.
    perform from pgflow.step_tasks t
    where t.run_id = stalled.run_id and t.step_slug = stalled.step_slug
      and t.task_index = stalled.task_index and t.status = 'started' and t.started_at < now()
    for no key update;
    continue when not found;

    perform pgflow._requeue_stalled_task(
      row(stalled.flow_slug, stalled.run_id, stalled.step_slug, stalled.task_index,
        stalled.message_id, null)::pgflow.task_ref,
      stalled.hopeless
    );
    total := total + 1;
  end loop;
  return total;
end;
$$;
