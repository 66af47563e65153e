-- False when nobody listens to any run, or to none with its steps. That is the usual case and must
-- cost nothing.
create or replace function pgflow._has_audience(with_steps boolean) returns boolean
language plpgsql stable
set search_path to ''
as $$
begin
  return pgflow._has_realtime() or exists (
    select from pgflow.run_watches w where w.with_steps or not _has_audience.with_steps
  );
end;
$$;
