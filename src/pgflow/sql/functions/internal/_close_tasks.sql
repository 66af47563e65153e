-- Ends the open tasks of steps as `skipped` or `cancelled`: nobody is handed them any more, their
-- messages are archived, and workers that hold one are told.
create or replace function pgflow._close_tasks(refs pgflow.step_ref[], new_status text) returns void
language plpgsql
set search_path to ''
as $$
declare
  closed pgflow.task_ref[];
  holders uuid[];
begin
  with changed as (
    update pgflow.step_tasks t
    set status = new_status, lease_expires_at = null
    from unnest(refs) as r
    where t.run_id = r.run_id and t.step_slug = r.step_slug and t.status in ('queued', 'started')
    returning t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id,
      case when t.started_at is not null then t.last_worker_id end as holder
  )
  select
    array_agg(row(
      c.flow_slug, c.run_id, c.step_slug, c.task_index, c.message_id, null
    )::pgflow.task_ref),
    array_agg(distinct c.holder) filter (where c.holder is not null)
  into closed, holders
  from changed c;

  perform pgflow._archive_messages(closed);
  perform pg_notify('pgflow_task_cancelled', h.holder::text) from unnest(holders) as h (holder);
end;
$$;
