-- Removes the pg_cron job that starts runs of a flow; whether there was one.
create or replace function pgflow.unschedule_flow(flow_slug text, label text default null)
returns boolean
language sql
set search_path to ''
as $$
  select pgflow._unschedule(pgflow._schedule_job(flow_slug, label))
$$;
