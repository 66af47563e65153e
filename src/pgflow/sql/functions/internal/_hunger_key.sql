-- The class of the advisory locks by which idle workers say that they want to be woken.
create or replace function pgflow._hunger_key() returns int
language sql immutable parallel safe
as $$
  select 1885828967
$$;
