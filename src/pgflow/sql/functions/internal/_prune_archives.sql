-- Removes messages that were archived before the cutoff from every flow's archive.
create or replace function pgflow._prune_archives(cutoff timestamptz) returns bigint
language plpgsql
set search_path to ''
as $$
declare
  slug text;
  removed bigint;
  total bigint := 0;
begin
  for slug in select f.flow_slug from pgflow.flows f loop
    execute format(
      'delete from pgmq.%I as a where a.archived_at < $1', 'a_' || pgflow.queue_name(slug)
    ) using cutoff;
    get diagnostics removed = row_count;
    total := total + removed;
  end loop;
  return total;
end;
$$;
