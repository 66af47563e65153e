-- Raises what keeps the caller from using pg_net, with the cure.
create or replace function pgflow._require_pg_net() returns void
language plpgsql stable
set search_path to ''
as $$
begin
  if to_regnamespace('net') is null then
    raise exception 'extension pg_net is not installed' using
      errcode = 'feature_not_supported', hint = 'Install it with: create extension pg_net';
  end if;
  if not has_schema_privilege('net', 'usage') then
    raise exception 'user % may not use pg_net', current_user using
      errcode = 'feature_not_supported',
      hint = format('Let a superuser run: grant usage on schema net to %I', current_user);
  end if;
end;
$$;
