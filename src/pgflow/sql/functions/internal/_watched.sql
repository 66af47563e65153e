-- Those of the runs whose events somebody wants, or those of their steps as well; null when there are
-- none. A watch on the zero uuid is for all runs. Where Supabase's realtime is, every run has an
-- audience.
create or replace function pgflow._watched(run_ids uuid[], with_steps boolean) returns uuid[]
language plpgsql stable
set search_path to ''
as $$
begin
  if cardinality(run_ids) > 0 and (
    pgflow._has_realtime()
    or exists (
      select from pgflow.run_watches w
      where w.run_id = '00000000-0000-0000-0000-000000000000' and w.expires_at > clock_timestamp()
        and (w.with_steps or not _watched.with_steps)
    )
  ) then
    return run_ids;
  end if;

  return (
    select array_agg(distinct w.run_id) from pgflow.run_watches w
    where w.run_id = any (run_ids) and w.expires_at > clock_timestamp()
      and (w.with_steps or not _watched.with_steps)
  );
end;
$$;
