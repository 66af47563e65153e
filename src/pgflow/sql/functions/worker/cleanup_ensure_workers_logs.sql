-- Removes what pg_cron has written about our own jobs and no other's; returns how many rows that were.
create or replace function pgflow.cleanup_ensure_workers_logs(retention_hours int default 24)
returns table (cron_deleted bigint)
language plpgsql
set search_path to ''
as $$
begin
  cron_deleted := 0;
  if to_regclass('cron.job_run_details') is not null then
    execute $query$
      delete from cron.job_run_details d
      using cron.job j
      where j.jobid = d.jobid and j.jobname ~ '^pgflow[_-]'
        and d.end_time < clock_timestamp() - make_interval(hours => $1)
    $query$ using retention_hours;
    get diagnostics cron_deleted = row_count;
  end if;
  return next;
end;
$$;
