-- Says that somebody here is hungry for tasks of these flows, until end_idle or the end of the
-- session: session locks, seen by everybody at once, gone with the worker that dies. Whoever
-- sends work then sends a NOTIFY as well.
create or replace function pgflow.begin_idle(flow_slugs text[]) returns void
language sql
set search_path to ''
as $$
  select pg_advisory_lock_shared(pgflow._hunger_key(), hashtext(slug))
  from unnest(flow_slugs) as slug
$$;
