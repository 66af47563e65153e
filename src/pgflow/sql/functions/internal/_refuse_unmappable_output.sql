-- Raises PF006 when a map runs over a step and the output meant for that step is no array.
create or replace function pgflow._refuse_unmappable_output(
  flow_slug text, step_slug text, output jsonb
) returns void
language plpgsql
set search_path to ''
as $$
declare
  map constant text := pgflow._fed_map(flow_slug, step_slug);
begin
  if map is not null and jsonb_typeof(output) is distinct from 'array' then
    raise exception 'Map step % expects array input but dependency % was given %',
      map, step_slug, coalesce(jsonb_typeof(output), 'null') using errcode = 'PF006';
  end if;
end;
$$;
