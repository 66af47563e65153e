-- The key of a worker's session lock.
create or replace function pgflow._worker_key(worker_id uuid) returns bigint
language sql immutable parallel safe
as $$
  select hashtextextended(worker_id::text, 7267)
$$;
