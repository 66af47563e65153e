-- Raises when the input of a flow with root maps is no array.
create or replace function pgflow._refuse_unmappable_input(flow_slug text, input jsonb) returns void
language plpgsql
set search_path to ''
as $$
begin
  if jsonb_typeof(input) = 'array' or not exists (
    select from pgflow.steps s
    where s.flow_slug = _refuse_unmappable_input.flow_slug
      and s.step_type = 'map' and s.deps_count = 0
  ) then
    return;
  end if;

  if input is null then
    raise exception 'Flow % has root map steps but input is NULL', flow_slug
      using errcode = 'PF006';
  end if;
  raise exception 'Flow % has root map steps but input is not an array (got %)',
    flow_slug, jsonb_typeof(input) using errcode = 'PF006';
end;
$$;
