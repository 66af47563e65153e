-- True on a database of the Supabase CLI, which everybody's laptop runs with the same well-known
-- development secret. Anything else, and a missing setting, is not local.
create or replace function pgflow.is_local() returns boolean
language sql stable
set search_path to ''
as $$
  select coalesce(
    current_setting('app.settings.jwt_secret', true)
      = 'super-secret-jwt-token-with-at-least-32-characters-long',
    false
  )
$$;
