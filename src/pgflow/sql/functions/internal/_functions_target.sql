-- Where worker functions are invoked, and with which headers; base_url is null without credentials.
-- A production database keeps them in Supabase's vault; an empty secret is a missing one.
create or replace function pgflow._functions_target(out base_url text, out headers jsonb)
language plpgsql stable
set search_path to ''
as $$
declare
  project text;
  key text;
begin
  if pgflow.is_local() then
    base_url := 'http://kong:8000/functions/v1';
    headers := '{}';
    return;
  end if;

  project := pgflow._secret('supabase_project_id');
  key := coalesce(pgflow._secret('pgflow_auth_secret'), pgflow._secret('supabase_service_role_key'));
  if project is not null and key is not null then
    base_url := format('https://%s.supabase.co/functions/v1', project);
    headers := jsonb_build_object(
      'Content-Type', 'application/json', 'Authorization', 'Bearer ' || key
    );
  end if;
end;
$$;
