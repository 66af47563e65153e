-- False when nobody listens to any run, which is the usual case and must cost nothing.
create or replace function pgflow._has_audience() returns boolean
language plpgsql stable
set search_path to ''
as $$
begin
  return pgflow._has_realtime() or exists (select from pgflow.run_watches);
end;
$$;
