-- A condition's pattern as shape JSON writes it.
create or replace function pgflow._pattern_shape(pattern jsonb) returns jsonb
language sql immutable parallel safe
as $$
  select case
    when pattern is null then jsonb_build_object('defined', false)
    else jsonb_build_object('defined', true, 'value', pattern)
  end
$$;
