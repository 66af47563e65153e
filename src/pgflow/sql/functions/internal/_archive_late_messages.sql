-- Archives what a refused report may have left behind: the message of a task that has ended.
create or replace function pgflow._archive_late_messages(refused pgflow.outcome[]) returns void
language sql
set search_path to ''
as $$
  select pgflow._archive_messages(array(
    select row(
      t.flow_slug, t.run_id, t.step_slug, t.task_index, t.message_id, null
    )::pgflow.task_ref
    from unnest(refused) as o
    join pgflow.step_tasks t
      on t.run_id = o.run_id and t.step_slug = o.step_slug and t.task_index = o.task_index
    where t.status not in ('queued', 'started')
  ))
$$;
