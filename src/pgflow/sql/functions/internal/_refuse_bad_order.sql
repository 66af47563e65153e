-- Refuses what a one-batch worker would refuse at each of its requests, and a URL with a password:
-- everybody who may look at the jobs sees it.
create or replace function pgflow._refuse_bad_order(
  flow_slug text, url text, batch_size int, max_concurrent int
) returns void
language plpgsql immutable
set search_path to ''
as $$
begin
  if not pgflow.is_valid_slug(flow_slug) then
    raise exception 'the slug of the flow is ''%'', expected letters, digits and underscores',
      flow_slug using errcode = 'PF006';
  end if;
  if url is null or url !~ '^https?://[^/@\s]+(/\S*)?$' then
    raise exception 'the URL of the worker is no http://host or https://host without a password'
      using errcode = 'PF006';
  end if;
  if batch_size is null or batch_size not between 1 and 1000 then
    raise exception 'batch_size is %, expected 1 to 1000', batch_size using errcode = 'PF006';
  end if;
  if max_concurrent is null or max_concurrent not between 1 and batch_size then
    raise exception 'max_concurrent is %, expected 1 to %', max_concurrent, batch_size
      using errcode = 'PF006';
  end if;
end;
$$;
