-- For each step of a flow how long a claimed task is leased: its timeout and two seconds more.
create or replace function pgflow._leases(flow_slug text) returns jsonb
language plpgsql stable
set search_path to ''
as $$
begin
  return (
    select jsonb_object_agg(
      s.step_slug, make_interval(secs => coalesce(s.opt_timeout, f.opt_timeout) + 2)
    )
    from pgflow.flows f
    join pgflow.steps s on s.flow_slug = f.flow_slug
    where f.flow_slug = _leases.flow_slug
  );
end;
$$;
