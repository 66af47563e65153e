-- A list of dependencies in a fixed order, in brackets.
create or replace function pgflow._bracketed(slugs jsonb) returns text
language sql immutable parallel safe
as $$
  select '[' || coalesce(string_agg(slug, ', ' order by slug collate "C"), '') || ']'
  from jsonb_array_elements_text(coalesce(slugs, '[]')) as slug
$$;
