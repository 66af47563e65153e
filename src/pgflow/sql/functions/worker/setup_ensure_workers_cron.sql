-- Creates, or replaces, the pg_cron jobs that keep worker functions up and clean their logs.
create or replace function pgflow.setup_ensure_workers_cron(cron_interval text default '1 second')
returns text
language plpgsql
set search_path to ''
as $$
begin
  perform pgflow._schedule('pgflow_ensure_workers', cron_interval, 'select pgflow.ensure_workers()');
  perform pgflow._schedule(
    'pgflow_cleanup_logs', '0 * * * *', 'select pgflow.cleanup_ensure_workers_logs()'
  );
  return format('pgflow_ensure_workers runs every %s, pgflow_cleanup_logs every hour', cron_interval);
end;
$$;
