-- A page of the runs of which not all spans have been collected, in the order of their ids, and
-- whether they have ended.
create or replace function pgflow.open_traces(after uuid)
returns table (run_id uuid, has_ended boolean)
language sql stable
set search_path to ''
as $$
  select t.run_id, r.status <> 'started'
  from pgflow.run_traces t
  join pgflow.runs r on r.run_id = t.run_id
  where t.is_open and t.run_id > open_traces.after
  order by t.run_id
  limit 1000
$$;
