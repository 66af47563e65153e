-- Creates or replaces a pg_cron job.
create or replace function pgflow._schedule(job text, schedule text, command text) returns void
language plpgsql
set search_path to ''
as $$
begin
  if to_regclass('cron.job') is null then
    raise exception 'extension pg_cron is not installed' using
      errcode = 'feature_not_supported', hint = 'Install it with: create extension pg_cron';
  end if;

  execute 'select cron.unschedule(j.jobid) from cron.job j where j.jobname = $1' using job;
  execute 'select cron.schedule($1, $2, $3)' using job, schedule, command;
end;
$$;
