-- Starts one ready step of a paused run: the named one, else the first in the order of the
-- definition. Its condition is judged now. Returns the step; no row when nothing is ready. Raises
-- PF007 for a run that is not paused, or a step that is not ready, PF006 where there is no such step.
create or replace function pgflow.release_step(run_id uuid, step_slug text default null)
returns setof pgflow.step_states
language plpgsql
set search_path to ''
as $$
declare
  run constant pgflow.runs := pgflow._lock_open_run(release_step.run_id);
  chosen pgflow.step_ref;
begin
  if run.paused_at is null then
    raise exception 'run % is not paused', run_id using errcode = 'PF007';
  end if;

  select r.* into chosen
  from unnest(pgflow._ready_steps(run_id)) with ordinality as r (flow_slug, run_id, step_slug, n)
  where release_step.step_slug is null or r.step_slug = release_step.step_slug
  order by r.n
  limit 1;
  if chosen is null and step_slug is not null then
    perform pgflow._refuse_unknown_step(run_id, step_slug);
    raise exception 'step "%" of run % is not ready', step_slug, run_id using errcode = 'PF007';
  elsif chosen is null then
    return;
  end if;

  perform pgflow._note_action(run_id, 'release', chosen.step_slug);
  perform pgflow._advance('{}', array[chosen], paused => array[release_step.run_id]);
  perform pgflow._wake_workers(array[run.flow_slug]);
  return query
  select s.* from pgflow.step_states s
  where s.run_id = release_step.run_id and s.step_slug = chosen.step_slug;
end;
$$;
