-- Raises what keeps the caller from using pg_cron, with the cure.
create or replace function pgflow._require_pg_cron() returns void
language plpgsql stable
set search_path to ''
as $$
begin
  if to_regnamespace('cron') is null then
    raise exception 'extension pg_cron is not installed' using
      errcode = 'feature_not_supported', hint = 'Install it with: create extension pg_cron';
  end if;
  if not has_schema_privilege('cron', 'usage') then
    raise exception 'user % may not use pg_cron', current_user using
      errcode = 'feature_not_supported',
      hint = format('Let a superuser run: grant usage on schema cron to %I', current_user);
  end if;
end;
$$;
