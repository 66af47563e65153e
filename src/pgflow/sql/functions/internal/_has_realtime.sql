-- True where Supabase's realtime.send is there.
create or replace function pgflow._has_realtime() returns boolean
language plpgsql stable
set search_path to ''
as $$
begin
  return to_regnamespace('realtime') is not null
    and to_regprocedure('realtime.send(jsonb,text,text,boolean)') is not null;
end;
$$;
