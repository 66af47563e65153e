-- The advisory lock of whoever looks after dead workers.
create or replace function pgflow._recovery_key() returns bigint
language sql immutable parallel safe
as $$
  select 8099571224913403
$$;
