-- Gives runs their traces: the first carrier that is offered for a run stays. Returns the traces of
-- those that exist, with how often each has been retried, which says where new work belongs.
-- `carriers` is an array with one for each run. Locks only rows that it inserts, in their order:
-- in a transaction that goes on, name only runs which that has created.
create or replace function pgflow.trace_runs(run_ids uuid[], carriers jsonb)
returns table (run_id uuid, carrier jsonb, retries int)
language plpgsql
set search_path to ''
as $$
begin
  insert into pgflow.run_traces (run_id, carrier)
  select r.run_id, offered.carrier
  from unnest(trace_runs.run_ids) with ordinality as wanted (id, n)
  join jsonb_array_elements(trace_runs.carriers) with ordinality as offered (carrier, n)
    on offered.n = wanted.n
  join pgflow.runs r on r.run_id = wanted.id
  order by r.run_id
  on conflict on constraint run_traces_pkey do nothing;

  return query
  select t.run_id, t.carrier,
    (
      select count(*)::int from pgflow.run_actions a
      where a.run_id = t.run_id and a.action = 'retry'
    )
  from pgflow.run_traces t where t.run_id = any (trace_runs.run_ids);
end;
$$;
