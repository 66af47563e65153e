-- The pgmq queue of a flow: the slug itself where pgmq takes it as it is (lower case, at most 47
-- characters), else a readable prefix and a hash, so that no two flows ever share a queue.
create or replace function pgflow.queue_name(flow_slug text) returns text
language sql immutable parallel safe
as $$
  select case
    when flow_slug = lower(flow_slug) and length(flow_slug) <= 47 then flow_slug
    else left(lower(flow_slug), 30) || '_' || left(md5(flow_slug), 16)
  end
$$;
