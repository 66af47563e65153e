-- What became of the last runs of a flow's pg_cron jobs, the newest first.
create or replace function pgflow.cron_job_runs(flow_slug text, quantity int default 5)
returns table (job text, status text, message text, started_at timestamptz)
language plpgsql stable
set search_path to ''
as $$
begin
  perform pgflow._require_extension('pg_cron');
  return query execute
    'select j.jobname::text, d.status, d.return_message, d.start_time
    from cron.job_run_details d
    join cron.job j on j.jobid = d.jobid
    where j.jobname = any (array(select c.job from pgflow.cron_jobs($1) c))
    order by d.runid desc limit $2' using flow_slug, quantity;
end;
$$;
