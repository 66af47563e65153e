-- Gives a stored flow and its steps the runtime options of shape JSON of the same structure. What
-- the shape leaves out becomes the engine's default for the flow, and inherited for a step.
create or replace function pgflow._set_options_from_shape(p_flow_slug text, p_shape jsonb)
returns void
language plpgsql
set search_path to ''
as $$
declare
  options constant jsonb := pgflow._complete_options(p_shape);
  step jsonb;
begin
  perform pgflow.set_flow_options(
    p_flow_slug,
    (options ->> 'maxAttempts')::int,
    (options ->> 'baseDelay')::int,
    (options ->> 'timeout')::int
  );

  for step in select e.value from jsonb_array_elements(p_shape -> 'steps') as e loop
    perform pgflow.set_step_options(
      p_flow_slug,
      step ->> 'slug',
      (step -> 'options' ->> 'maxAttempts')::int,
      (step -> 'options' ->> 'baseDelay')::int,
      (step -> 'options' ->> 'timeout')::int,
      (step -> 'options' ->> 'startDelay')::int
    );
  end loop;
end;
$$;
