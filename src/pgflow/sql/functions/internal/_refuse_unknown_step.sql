-- Raises PF006 unless the run has a step of that name.
create or replace function pgflow._refuse_unknown_step(run_id uuid, step_slug text) returns void
language plpgsql
set search_path to ''
as $$
declare
  steps text[];
begin
  steps := array(
    select s.step_slug
    from pgflow.step_states s
    join pgflow.steps d on d.flow_slug = s.flow_slug and d.step_slug = s.step_slug
    where s.run_id = _refuse_unknown_step.run_id
    order by d.step_index
  );
  if (step_slug = any (steps)) is not true then
    raise exception 'run % has no step "%"', run_id, step_slug
      using errcode = 'PF006', hint = 'Its steps are: ' || array_to_string(steps, ', ');
  end if;
end;
$$;
