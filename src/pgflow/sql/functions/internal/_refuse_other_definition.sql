-- Raises when a stored step differs from the definition given, naming every difference.
create or replace function pgflow._refuse_other_definition(
  step pgflow.steps,
  parents text[],
  step_type text,
  required_input_pattern jsonb,
  forbidden_input_pattern jsonb,
  when_unmet text,
  when_exhausted text
) returns void
language plpgsql
set search_path to ''
as $$
declare
  stored_parents constant text[] := array(
    select d.dep_slug from pgflow.deps d
    where d.flow_slug = step.flow_slug and d.step_slug = step.step_slug
    order by 1
  );
  differences text;
begin
  select string_agg(format('%s is %s, not %s', d.what, d.stored, d.given), '; ')
  into differences
  from (values
    ('dependencies', '[' || array_to_string(stored_parents, ', ') || ']',
      '[' || array_to_string(parents, ', ') || ']'),
    ('type', step.step_type, coalesce(step_type, 'single')),
    ('required_input_pattern', step.required_input_pattern::text, required_input_pattern::text),
    ('forbidden_input_pattern', step.forbidden_input_pattern::text, forbidden_input_pattern::text),
    ('when_unmet', step.when_unmet, coalesce(when_unmet, 'skip')),
    ('when_exhausted', step.when_exhausted, coalesce(when_exhausted, 'fail'))
  ) as d (what, stored, given)
  where d.stored is distinct from d.given;

  if differences is not null then
    raise exception 'step "%" of flow "%" exists with another definition: %',
      step.step_slug, step.flow_slug, differences
      using errcode = 'PF005', hint = 'A definition is immutable: use a new flow slug.';
  end if;
end;
$$;
