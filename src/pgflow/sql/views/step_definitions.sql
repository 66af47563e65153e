-- The steps of the flows with the options that are in force for each, inherited or its own.
create or replace view pgflow.step_definitions as
select
  s.flow_slug, s.step_slug, s.step_index, s.step_type,
  array(
    select d.dep_slug
    from pgflow.deps d
    join pgflow.steps p on p.flow_slug = d.flow_slug and p.step_slug = d.dep_slug
    where d.flow_slug = s.flow_slug and d.step_slug = s.step_slug
    order by p.step_index
  ) as dependencies,
  coalesce(s.opt_max_attempts, f.opt_max_attempts) as max_attempts,
  coalesce(s.opt_base_delay, f.opt_base_delay) as base_delay,
  coalesce(s.opt_timeout, f.opt_timeout) as timeout,
  coalesce(s.opt_start_delay, 0) as start_delay,
  s.required_input_pattern, s.forbidden_input_pattern, s.when_unmet, s.when_exhausted
from pgflow.steps s
join pgflow.flows f on f.flow_slug = s.flow_slug;
