-- Evaluates the conditions of ready steps, once: met when the input contains the required pattern
-- and does not contain the forbidden one. Steps whose condition is met come back as taskless or
-- startable; unmet ones are skipped (`ended`) or fail their run.
create or replace function pgflow._judge_conditions(
  conditional pgflow.step_ref[],
  out ended pgflow.step_ref[], out taskless pgflow.step_ref[], out startable pgflow.step_ref[]
)
language plpgsql
set search_path to ''
as $$
declare
  skipped pgflow.step_ref[];
  cascading pgflow.step_ref[];
  failing pgflow.step_ref[];
begin
  select
    array_agg(j.ref) filter (where j.met and j.tasks = 0),
    array_agg(j.ref) filter (where j.met and j.tasks > 0),
    array_agg(j.ref) filter (where not j.met and j.when_unmet = 'skip'),
    array_agg(j.ref) filter (where not j.met and j.when_unmet = 'skip-cascade'),
    array_agg(j.ref order by j.step_index) filter (where not j.met and j.when_unmet = 'fail')
  into taskless, startable, skipped, cascading, failing
  from (
    select
      c as ref, s.when_unmet, s.step_index, ss.initial_tasks as tasks,
      coalesce(i.input @> s.required_input_pattern, true)
        and not coalesce(i.input @> s.forbidden_input_pattern, false) as met
    from unnest(conditional) as c
    join pgflow.steps s on s.flow_slug = c.flow_slug and s.step_slug = c.step_slug
    join pgflow.step_states ss on ss.run_id = c.run_id and ss.step_slug = c.step_slug
    cross join lateral (
      select case
        when s.deps_count = 0 then (select r.input from pgflow.runs r where r.run_id = c.run_id)
        else pgflow._dependency_outputs(c.flow_slug, c.run_id, c.step_slug)
      end
    ) as i (input)
  ) as j;

  if failing is not null then
    perform pgflow._fail_steps(
      failing, array_fill('Condition not met'::text, array[cardinality(failing)])
    );
  end if;
  ended := pgflow._skip_steps(skipped, 'condition_unmet')
    || pgflow._skip_steps(cascading, 'condition_unmet', cascade => true);
end;
$$;
