-- The secret that workers expect: the setting pgflow.auth_secret of the database or of the user, else
-- that of the vault; null when there is none.
create or replace function pgflow._auth_secret() returns text
language sql stable
set search_path to ''
as $$
  select coalesce(
    nullif(current_setting('pgflow.auth_secret', true), ''), pgflow._secret('pgflow_auth_secret')
  )
$$;
