-- The task index that a text is, null for any other text. Without a setting of its own, so that it
-- is inlined.
create or replace function pgflow._index_in(value text) returns int
language sql immutable parallel safe
as $$
  select case
    when length(value) between 1 and 9 and translate(value, '0123456789', '') = ''
    then value::int
  end
$$;
