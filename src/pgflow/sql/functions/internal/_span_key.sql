-- What a span of a run is called among those that were exported; without a step it is the run's.
create or replace function pgflow._span_key(step_slug text, retries int) returns text
language sql immutable parallel safe
set search_path to ''
as $$
  select coalesce(step_slug, 'run') || '/' || retries
$$;
