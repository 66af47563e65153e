-- The class of the advisory locks that transactions hold which have sent work.
create or replace function pgflow._sending_key() returns int
language sql immutable parallel safe
as $$
  select 1885828968
$$;
