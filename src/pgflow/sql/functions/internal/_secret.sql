-- A secret of Supabase's vault; null when it is missing, empty, or when there is no vault.
create or replace function pgflow._secret(name text) returns text
language plpgsql stable
set search_path to ''
as $$
declare
  secret text;
begin
  if to_regclass('vault.decrypted_secrets') is not null then
    execute 'select s.decrypted_secret from vault.decrypted_secrets s where s.name = $1 limit 1'
    into secret using name;
  end if;
  return nullif(secret, '');
end;
$$;
