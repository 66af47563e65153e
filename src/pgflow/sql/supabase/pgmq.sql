-- The queue: Supabase offers it as an extension.
do $$
begin
  if to_regclass('pgmq.meta') is null then
    create extension if not exists pgmq;
  end if;
end;
$$;
