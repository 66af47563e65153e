-- The pg_cron jobs of a flow: the one of its worker and those that start runs.
create or replace function pgflow.cron_jobs(flow_slug text)
returns table (job text, schedule text, active boolean, command text)
language plpgsql stable
set search_path to ''
as $$
begin
  perform pgflow._require_extension('pg_cron');
  return query execute
    'select j.jobname::text, j.schedule, j.active, j.command from cron.job j
    where j.jobname = any (array[$1 || ''-worker'', $1 || ''-schedule''])
      or starts_with(j.jobname, $1 || ''-schedule-'')
    order by j.jobname' using 'pgflow-' || flow_slug;
end;
$$;
