-- Registers a flow and its steps from shape JSON. Options in the shape are used; what is there
-- already stays.
create or replace function pgflow._create_flow_from_shape(p_flow_slug text, p_shape jsonb)
returns void
language plpgsql
set search_path to ''
as $$
declare
  options constant jsonb := coalesce(p_shape -> 'options', '{}');
  step jsonb;
begin
  perform pgflow.create_flow(
    p_flow_slug,
    (options ->> 'maxAttempts')::int,
    (options ->> 'baseDelay')::int,
    (options ->> 'timeout')::int
  );

  for step in select e.value from jsonb_array_elements(p_shape -> 'steps') as e loop
    perform pgflow.add_step(
      flow_slug => p_flow_slug,
      step_slug => step ->> 'slug',
      deps_slugs => array(select jsonb_array_elements_text(coalesce(step -> 'dependencies', '[]'))),
      max_attempts => (step -> 'options' ->> 'maxAttempts')::int,
      base_delay => (step -> 'options' ->> 'baseDelay')::int,
      timeout => (step -> 'options' ->> 'timeout')::int,
      start_delay => (step -> 'options' ->> 'startDelay')::int,
      step_type => coalesce(step ->> 'stepType', 'single'),
      required_input_pattern => step -> 'requiredInputPattern' -> 'value',
      forbidden_input_pattern => step -> 'forbiddenInputPattern' -> 'value',
      when_unmet => coalesce(step ->> 'whenUnmet', 'skip'),
      when_exhausted => coalesce(step ->> 'whenExhausted', 'fail')
    );
  end loop;
end;
$$;
