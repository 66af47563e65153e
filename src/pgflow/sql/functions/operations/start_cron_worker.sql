-- Creates, or replaces, the pg_cron job that has a one-batch worker work on a flow, and the hourly one
-- that removes what pg_cron writes about our jobs. Either everything is in place afterwards or nothing
-- has changed. Returns the job's name, and whether there is a secret to show to the worker.
create or replace function pgflow.start_cron_worker(
  flow_slug text, url text, schedule text default '5 seconds', batch_size int default 10,
  max_concurrent int default 5, out job text, out has_secret boolean
)
language plpgsql
set search_path to ''
as $$
begin
  perform pgflow._refuse_bad_order(flow_slug, url, batch_size, max_concurrent);
  perform pgflow._require_extension('pg_cron');
  perform pgflow._require_extension('pg_net');

  job := format('pgflow-%s-worker', flow_slug);
  perform pgflow._schedule(
    job, schedule,
    format(
      'select pgflow.invoke_cron_worker(%L, %L, %s, %s)',
      flow_slug, url, batch_size, max_concurrent
    )
  );
  perform pgflow._schedule(
    'pgflow_cleanup_logs', '0 * * * *', 'select pgflow.cleanup_ensure_workers_logs()'
  );
  has_secret := pgflow._auth_secret() is not null;
end;
$$;
