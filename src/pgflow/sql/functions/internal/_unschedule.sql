-- Removes a pg_cron job; whether there was one.
create or replace function pgflow._unschedule(job text) returns boolean
language plpgsql
set search_path to ''
as $$
declare
  removed bigint;
begin
  perform pgflow._require_extension('pg_cron');
  execute 'select count(cron.unschedule(j.jobid)) from cron.job j where j.jobname = $1' into removed using job;
  return removed > 0;
end;
$$;
