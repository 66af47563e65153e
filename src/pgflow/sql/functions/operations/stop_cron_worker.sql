-- Removes the pg_cron job that has a one-batch worker work on a flow; whether there was one.
create or replace function pgflow.stop_cron_worker(flow_slug text) returns boolean
language sql
set search_path to ''
as $$
  select pgflow._unschedule(format('pgflow-%s-worker', flow_slug))
$$;
