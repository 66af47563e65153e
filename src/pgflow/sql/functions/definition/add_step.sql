-- Adds a step at the end of a flow. The same definition again returns the row unchanged; another
-- one raises, because a definition is immutable. Locks the flow, so that concurrent calls get
-- distinct indexes.
create or replace function pgflow.add_step(
  flow_slug text,
  step_slug text,
  deps_slugs text[] default '{}',
  max_attempts int default null,
  base_delay int default null,
  timeout int default null,
  start_delay int default null,
  step_type text default 'single',
  required_input_pattern jsonb default null,
  forbidden_input_pattern jsonb default null,
  when_unmet text default 'skip',
  when_exhausted text default 'fail'
) returns pgflow.steps
language plpgsql
set search_path to ''
as $$
#variable_conflict use_column
declare
  parents constant text[] := array(select distinct unnest(add_step.deps_slugs) order by 1);
  step pgflow.steps;
begin
  if add_step.step_type = 'map' and cardinality(parents) > 1 then
    raise exception 'Map step "%" can have at most one dependency, but % were provided: %',
      add_step.step_slug, cardinality(parents), array_to_string(add_step.deps_slugs, ', ')
      using errcode = 'PF005';
  end if;

  perform from pgflow.flows f where f.flow_slug = add_step.flow_slug for no key update;

  select * into step from pgflow.steps s
  where s.flow_slug = add_step.flow_slug and s.step_slug = add_step.step_slug;
  if found then
    perform pgflow._refuse_other_definition(
      step, parents, add_step.step_type, add_step.required_input_pattern,
      add_step.forbidden_input_pattern, add_step.when_unmet, add_step.when_exhausted
    );
    return step;
  end if;

  insert into pgflow.steps (
    flow_slug, step_slug, step_type, step_index, deps_count,
    opt_max_attempts, opt_base_delay, opt_timeout, opt_start_delay,
    required_input_pattern, forbidden_input_pattern, when_unmet, when_exhausted
  )
  select
    add_step.flow_slug, add_step.step_slug, coalesce(add_step.step_type, 'single'),
    coalesce(max(s.step_index) + 1, 0), cardinality(parents),
    add_step.max_attempts, add_step.base_delay, add_step.timeout, add_step.start_delay,
    add_step.required_input_pattern, add_step.forbidden_input_pattern,
    coalesce(add_step.when_unmet, 'skip'), coalesce(add_step.when_exhausted, 'fail')
  from pgflow.steps s
  where s.flow_slug = add_step.flow_slug
  returning * into step;

  insert into pgflow.deps (flow_slug, dep_slug, step_slug)
  select add_step.flow_slug, parent, add_step.step_slug from unnest(parents) as parent;

  if step.step_type = 'map' then
    update pgflow.steps s set feeds_map = true
    where s.flow_slug = add_step.flow_slug and s.step_slug = any (parents)
      and s.step_type = 'single';
  end if;

  return step;
end;
$$;
