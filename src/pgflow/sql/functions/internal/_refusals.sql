-- Refused outcomes as records: a record without a message is no task.
create or replace function pgflow._refusals(refused pgflow.outcome[])
returns setof pgflow.step_task_record
language plpgsql stable
set search_path to ''
as $$
begin
  return query
  select
    r.flow_slug, o.run_id, o.step_slug, null::jsonb, null::bigint, o.task_index, null::jsonb,
    o.attempt, null::int, null::int
  from unnest(refused) as o
  left join pgflow.runs r on r.run_id = o.run_id;
end;
$$;
