-- The runtime options of a flow's shape JSON, with the engine's defaults for those that it leaves
-- out.
create or replace function pgflow._complete_options(shape jsonb) returns jsonb
language sql stable
set search_path to ''
as $$
  select '{"maxAttempts": 3, "baseDelay": 5, "timeout": 60}'::jsonb || coalesce(shape -> 'options', '{}')
$$;
