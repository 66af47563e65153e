-- Creates or replaces a pg_cron job. What pg_cron cannot do is said before the old job is touched.
create or replace function pgflow._schedule(job text, schedule text, command text) returns void
language plpgsql
set search_path to ''
as $$
begin
  perform pgflow._require_extension('pg_cron');
  if schedule ~ 'second' and pgflow._pg_cron_version() < array[1, 5] then
    raise exception 'pg_cron % knows no seconds',
      array_to_string(pgflow._pg_cron_version(), '.') using
      errcode = 'feature_not_supported',
      hint = 'Update it to 1.5 or newer, or let the job run every minute';
  end if;

  execute 'select cron.unschedule(j.jobid) from cron.job j where j.jobname = $1' using job;
  execute 'select cron.schedule($1, $2, $3)' using job, schedule, command;
exception when invalid_parameter_value then
  raise exception 'pg_cron does not take the schedule ''%''', schedule using
    errcode = 'PF006', hint = 'Write it as five fields, such as ''0 * * * *''';
end;
$$;
