-- Creates, or replaces, the pg_cron job that requeues stalled tasks. Workers do it by themselves: this
-- is for installations whose workers are all down at times.
create or replace function pgflow.setup_requeue_stalled_tasks_cron(
  cron_interval text default '15 seconds'
) returns text
language plpgsql
set search_path to ''
as $$
begin
  perform pgflow._schedule(
    'pgflow_requeue_stalled_tasks', cron_interval, 'select pgflow.requeue_stalled_tasks()'
  );
  return format('pgflow_requeue_stalled_tasks runs every %s', cron_interval);
end;
$$;
