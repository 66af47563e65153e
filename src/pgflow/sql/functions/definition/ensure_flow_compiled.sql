-- Makes the stored flow equal to the shape, or says why it does not. A missing flow is created
-- everywhere; another structure is replaced, with its data, only on a local database or where
-- allow_data_loss says so. Callers that race are served one after the other.
create or replace function pgflow.ensure_flow_compiled(
  flow_slug text, shape jsonb, allow_data_loss boolean default false
) returns jsonb
language plpgsql
set search_path to ''
as $$
declare
  differences text[];
begin
  perform pg_advisory_xact_lock(1, hashtext(ensure_flow_compiled.flow_slug));

  if not exists (
    select from pgflow.flows f where f.flow_slug = ensure_flow_compiled.flow_slug
  ) then
    perform pgflow._create_flow_from_shape(ensure_flow_compiled.flow_slug, shape);
    return jsonb_build_object('status', 'compiled', 'differences', '[]'::jsonb);
  end if;

  differences := pgflow._compare_flow_shapes(
    shape, pgflow._get_flow_shape(ensure_flow_compiled.flow_slug)
  );
  if cardinality(differences) = 0 then
    return jsonb_build_object('status', 'verified', 'differences', '[]'::jsonb);
  elsif pgflow.is_local() or allow_data_loss then
    perform pgflow.delete_flow_and_data(ensure_flow_compiled.flow_slug);
    perform pgflow._create_flow_from_shape(ensure_flow_compiled.flow_slug, shape);
    return jsonb_build_object('status', 'recompiled', 'differences', to_jsonb(differences));
  end if;
  return jsonb_build_object('status', 'mismatch', 'differences', to_jsonb(differences));
end;
$$;
