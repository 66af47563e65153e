-- Sets all runtime options of a step; a null means that it is inherited from the flow (a start
-- delay: none). Raises PF001 for an unknown step.
create or replace function pgflow.set_step_options(
  flow_slug text,
  step_slug text,
  max_attempts int default null,
  base_delay int default null,
  timeout int default null,
  start_delay int default null
) returns pgflow.steps
language plpgsql
set search_path to ''
as $$
declare
  step pgflow.steps;
begin
  update pgflow.steps s
  set opt_max_attempts = set_step_options.max_attempts,
    opt_base_delay = set_step_options.base_delay,
    opt_timeout = set_step_options.timeout,
    opt_start_delay = set_step_options.start_delay
  where s.flow_slug = set_step_options.flow_slug and s.step_slug = set_step_options.step_slug
  returning * into step;

  if not found then
    raise exception 'step "%" of flow "%" does not exist',
      set_step_options.step_slug, set_step_options.flow_slug using errcode = 'PF001';
  end if;
  return step;
end;
$$;
