-- Registers a flow and creates its queue. An existing flow is returned unchanged. Locks nothing;
-- of two that race one inserts and both return the same row.
create or replace function pgflow.create_flow(
  flow_slug text,
  max_attempts int default null,
  base_delay int default null,
  timeout int default null
) returns pgflow.flows
language plpgsql
set search_path to ''
as $$
declare
  flow pgflow.flows;
begin
  insert into pgflow.flows (flow_slug, opt_max_attempts, opt_base_delay, opt_timeout)
  values (
    create_flow.flow_slug,
    coalesce(create_flow.max_attempts, 3),
    coalesce(create_flow.base_delay, 5),
    coalesce(create_flow.timeout, 60)
  )
  on conflict on constraint flows_pkey do nothing;

  perform pgflow._create_queue(create_flow.flow_slug);

  select * into flow from pgflow.flows f where f.flow_slug = create_flow.flow_slug;
  return flow;
end;
$$;
