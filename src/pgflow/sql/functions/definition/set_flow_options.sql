-- Changes runtime options of a flow. A null leaves the option as it is. Runs in flight see the
-- new values at their next attempt. Raises PF001 for an unknown flow.
create or replace function pgflow.set_flow_options(
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
  update pgflow.flows f
  set opt_max_attempts = coalesce(set_flow_options.max_attempts, f.opt_max_attempts),
    opt_base_delay = coalesce(set_flow_options.base_delay, f.opt_base_delay),
    opt_timeout = coalesce(set_flow_options.timeout, f.opt_timeout)
  where f.flow_slug = set_flow_options.flow_slug
  returning * into flow;

  if not found then
    raise exception 'flow "%" does not exist', set_flow_options.flow_slug using errcode = 'PF001';
  end if;
  return flow;
end;
$$;
