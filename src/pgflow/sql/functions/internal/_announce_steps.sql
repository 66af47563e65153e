-- Tells whoever listens that steps have reached a status, in slug order. Free for runs that
-- nobody watches.
create or replace function pgflow._announce_steps(refs pgflow.step_ref[], event text) returns void
language plpgsql
set search_path to ''
as $$
declare
  watched uuid[];
begin
  if not pgflow._has_audience(with_steps => true) then
    return;
  end if;
  watched := pgflow._watched(
    array(select distinct r.run_id from unnest(refs) as r), with_steps => true
  );

  perform pgflow._send_event(
    e.run_id, 'step:' || e.step_slug || ':' || event, pgflow._step_event(e.state, event)
  )
  from (
    select s.run_id, s.step_slug, s as state
    from unnest(refs) as r
    join pgflow.step_states s on s.run_id = r.run_id and s.step_slug = r.step_slug
    where r.run_id = any (watched)
    order by s.run_id, s.step_slug
  ) as e;
end;
$$;
