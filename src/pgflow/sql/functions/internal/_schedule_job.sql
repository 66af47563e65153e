-- The name of the pg_cron job that starts runs of a flow.
create or replace function pgflow._schedule_job(flow_slug text, label text) returns text
language sql immutable
set search_path to ''
as $$
  select concat_ws('-', 'pgflow', flow_slug, 'schedule', label)
$$;
