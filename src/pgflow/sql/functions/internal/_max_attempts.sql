-- The attempts that a task of this step has.
create or replace function pgflow._max_attempts(flow_slug text, step_slug text) returns int
language plpgsql stable
set search_path to ''
as $$
begin
  return (
    select coalesce(s.opt_max_attempts, f.opt_max_attempts)
    from pgflow.steps s
    join pgflow.flows f on f.flow_slug = s.flow_slug
    where s.flow_slug = _max_attempts.flow_slug and s.step_slug = _max_attempts.step_slug
  );
end;
$$;
