-- Takes begin_idle back.
create or replace function pgflow.end_idle(flow_slugs text[]) returns void
language sql
set search_path to ''
as $$
  select pg_advisory_unlock_shared(pgflow._hunger_key(), hashtext(slug))
  from unnest(flow_slugs) as slug
$$;
