-- Queues the failed and cancelled tasks of a run's open steps anew, with fresh attempts and new
-- messages.
create or replace function pgflow._requeue_closed_tasks(flow_slug text, run_id uuid) returns void
language plpgsql
set search_path to ''
as $$
declare
  slugs text[];
  indexes int[];
begin
  select array_agg(t.step_slug), array_agg(t.task_index) into slugs, indexes
  from pgflow.step_states s
  join pgflow.step_tasks t on t.run_id = s.run_id and t.step_slug = s.step_slug
  where s.run_id = _requeue_closed_tasks.run_id and s.status = 'started'
    and t.status in ('failed', 'cancelled');
  if slugs is null then
    return;
  end if;

  update pgflow.step_tasks t
  set status = 'queued', attempts_count = 0, requeued_count = 0, message_id = m.message_id,
    queued_at = clock_timestamp(), started_at = null, failed_at = null, output = null,
    permanently_stalled_at = null
  from unnest(
    slugs, indexes,
    pgflow._send_messages(
      _requeue_closed_tasks.flow_slug,
      array_fill(_requeue_closed_tasks.run_id, array[cardinality(slugs)]),
      slugs, indexes, 0
    )
  ) as m (step_slug, task_index, message_id)
  where t.run_id = _requeue_closed_tasks.run_id
    and t.step_slug = m.step_slug and t.task_index = m.task_index;
end;
$$;
