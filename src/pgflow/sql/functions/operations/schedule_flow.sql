-- Creates, or replaces, the pg_cron job that starts a run of a flow again and again; `label` tells
-- several of one flow apart. Returns the job's name. Raises PF001 when there is no such flow.
create or replace function pgflow.schedule_flow(
  flow_slug text, schedule text, input jsonb default '{}', label text default null
) returns text
language plpgsql
set search_path to ''
as $$
declare
  job constant text := pgflow._schedule_job(flow_slug, label);
begin
  if not exists (select from pgflow.flows f where f.flow_slug = schedule_flow.flow_slug) then
    raise exception 'flow ''%'' does not exist', flow_slug using errcode = 'PF001';
  end if;

  perform pgflow._schedule(
    job, schedule, format('select pgflow.start_flow(%L, %L::jsonb)', flow_slug, input)
  );
  return job;
end;
$$;
