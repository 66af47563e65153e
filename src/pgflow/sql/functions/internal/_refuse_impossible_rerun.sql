-- Raises unless a run can be repeated from a step with that input; true when the step is a root.
create or replace function pgflow._refuse_impossible_rerun(
  source pgflow.runs, step_slug text, input jsonb
) returns boolean
language plpgsql
set search_path to ''
as $$
declare
  dependencies text[];
  wrong text;
begin
  perform pgflow._refuse_unknown_step(source.run_id, step_slug);

  dependencies := array(
    select d.dep_slug from pgflow.deps d
    where d.flow_slug = source.flow_slug and d.step_slug = _refuse_impossible_rerun.step_slug
  );
  if cardinality(dependencies) = 0 then
    perform pgflow._refuse_unmappable_input(source.flow_slug, coalesce(input, source.input));
    return true;
  end if;

  select s.step_slug into wrong from pgflow.step_states s
  where s.run_id = source.run_id and s.step_slug = any (dependencies)
    and s.status not in ('completed', 'skipped')
  limit 1;
  if found then
    raise exception 'step "%" waits for "%", which has not ended in run %',
      step_slug, wrong, source.run_id using errcode = 'PF007';
  end if;

  if input is not null and jsonb_typeof(input) <> 'object' then
    raise exception 'the input of step "%" is an object of its dependencies'' outputs, got %',
      step_slug, jsonb_typeof(input) using errcode = 'PF006';
  end if;
  select k into wrong from jsonb_object_keys(coalesce(input, '{}')) as k
  where k <> all (dependencies)
  limit 1;
  if found then
    raise exception 'step "%" does not depend on "%", expected one of %',
      step_slug, wrong, array_to_string(dependencies, ', ') using errcode = 'PF006';
  end if;
  perform pgflow._refuse_unmappable_output(source.flow_slug, c.key, c.value)
  from jsonb_each(coalesce(input, '{}')) as c;
  return false;
end;
$$;
