-- Raises what keeps the caller from using pg_cron or pg_net, with the cure.
create or replace function pgflow._require_extension(extension text) returns void
language plpgsql stable
set search_path to ''
as $$
declare
  home text := substr(extension, length('pg_') + 1);
begin
  if to_regnamespace(home) is null then
    raise exception 'extension % is not installed', extension using
      errcode = 'feature_not_supported', hint = 'Install it with: create extension ' || extension;
  end if;
  if not has_schema_privilege(home, 'usage') then
    raise exception 'user % may not use %', current_user, extension using
      errcode = 'feature_not_supported',
      hint = format('Let a superuser run: grant usage on schema %I to %I', home, current_user);
  end if;
end;
$$;
