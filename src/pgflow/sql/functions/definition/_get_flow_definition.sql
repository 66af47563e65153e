-- A stored flow as shape JSON with its runtime options: all of the flow's, and of each step those
-- that it does not inherit. Null for an unknown flow.
create or replace function pgflow._get_flow_definition(p_flow_slug text) returns jsonb
language sql stable
set search_path to ''
as $$
  select jsonb_build_object(
    'options', jsonb_build_object(
      'maxAttempts', f.opt_max_attempts, 'baseDelay', f.opt_base_delay, 'timeout', f.opt_timeout
    ),
    'steps', (
      select coalesce(jsonb_agg(
        e.step || jsonb_strip_nulls(jsonb_build_object('options', nullif(o.options, '{}')))
        order by e.n
      ), '[]')
      from jsonb_array_elements(pgflow._get_flow_shape(f.flow_slug) -> 'steps')
        with ordinality as e (step, n)
      join pgflow.steps s on s.flow_slug = f.flow_slug and s.step_slug = e.step ->> 'slug'
      cross join jsonb_strip_nulls(jsonb_build_object(
        'maxAttempts', s.opt_max_attempts,
        'baseDelay', s.opt_base_delay,
        'timeout', s.opt_timeout,
        'startDelay', s.opt_start_delay
      )) as o (options)
    )
  )
  from pgflow.flows f
  where f.flow_slug = p_flow_slug
$$;
