-- Starts one run per element of the array inputs, in one transaction, and returns the runs in
-- that order. Idempotent: a run_id that exists already is returned with created = false, provided
-- that its flow and its input are the same; else PF003. With a delay the root steps start that
-- much later.
create or replace function pgflow.start_flows(
  flow_slug text, inputs jsonb, run_ids uuid[] default null, delay interval default null
) returns setof pgflow.started_run
language plpgsql
set search_path to ''
as $$
declare
  slug constant text := start_flows.flow_slug;
  given constant jsonb[] := array(select jsonb_array_elements(start_flows.inputs));
  ids uuid[] := coalesce(
    start_flows.run_ids, array(select pgflow.new_run_id() from generate_subscripts(given, 1))
  );
  fresh uuid[];
begin
  if cardinality(given) <> cardinality(ids) then
    raise exception 'run_ids length (%) must equal inputs length (%)',
      cardinality(ids), cardinality(given) using errcode = 'PF006';
  end if;
  if not exists (select from pgflow.flows f where f.flow_slug = slug) then
    raise exception 'flow "%" does not exist', slug using errcode = 'PF001';
  end if;

  fresh := pgflow._start_runs(slug, ids, given, extract(epoch from delay)::int, true);
  if cardinality(fresh) < cardinality(ids) then
    perform pgflow._refuse_other_run(slug, ids, given);
  end if;

  return query
  select r.run_id, r.flow_slug, r.status, r.input, r.output, r.error_message, r.remaining_steps,
    r.started_at, r.completed_at, r.failed_at, r.cancelled_at,
    start_flows.run_ids is null
      or r.run_id = any (fresh) and i.n = min(i.n) over (partition by i.id)
  from unnest(ids) with ordinality as i (id, n)
  join pgflow.runs r on r.run_id = i.id
  order by i.n;
end;
$$;
