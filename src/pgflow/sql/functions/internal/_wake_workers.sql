-- Wakes idle workers that serve these flows, once per transaction and flow, and only if there are
-- any: a NOTIFY takes a global lock at commit. Nobody is missed: this transaction first shows
-- that it is sending (until it ends), then looks for the hungry; a worker first shows its hunger,
-- then looks for those who are sending. Whichever comes second sees the other.
create or replace function pgflow._wake_workers(flow_slugs text[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  slug text;
begin
  foreach slug in array coalesce(flow_slugs, '{}') loop
    perform pg_advisory_xact_lock_shared(pgflow._sending_key(), hashtext(slug));
    if pg_try_advisory_lock(pgflow._hunger_key(), hashtext(slug)) then
      perform pg_advisory_unlock(pgflow._hunger_key(), hashtext(slug));
    else
      perform pg_notify('pgflow_work', slug);
    end if;
  end loop;
end;
$$;
