-- Moves the messages of tasks that have ended to their queues' archives.
create or replace function pgflow._archive_messages(tasks pgflow.task_ref[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  batch record;
begin
  if coalesce(cardinality(tasks), 0) = 0 then
    return;
  end if;

  for batch in
    select t.flow_slug, array_agg(t.message_id) as ids
    from unnest(tasks) as t
    where t.message_id is not null
    group by t.flow_slug
  loop
    perform pgmq.archive(pgflow.queue_name(batch.flow_slug), batch.ids);
  end loop;
end;
$$;
