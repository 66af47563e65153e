-- Raises PF004, with every difference as a line of its detail, when the flow exists with another
-- structure. The migrations that `pgflow compile` writes begin with it. Holds the lock of
-- definitions until the transaction ends, so that what is found stays true.
create or replace function pgflow.assert_flow_shape(flow_slug text, shape jsonb) returns void
language plpgsql
set search_path to ''
as $$
declare
  differences text[];
begin
  perform pg_advisory_xact_lock(1, hashtext(assert_flow_shape.flow_slug));

  if not exists (
    select from pgflow.flows f where f.flow_slug = assert_flow_shape.flow_slug
  ) then
    return;
  end if;

  differences := pgflow._compare_flow_shapes(
    shape, pgflow._get_flow_shape(assert_flow_shape.flow_slug)
  );
  if cardinality(differences) > 0 then
    raise exception 'flow "%" exists with another structure', assert_flow_shape.flow_slug
      using errcode = 'PF004', detail = array_to_string(differences, E'\n'),
        hint = 'Use another slug, or write the migration with: pgflow compile --replace';
  end if;
end;
$$;
