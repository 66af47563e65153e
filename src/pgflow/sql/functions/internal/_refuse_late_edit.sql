-- Raises PF007 unless the step of a paused run has completed and none of its dependents has
-- begun, PF006 where there is no such step.
create or replace function pgflow._refuse_late_edit(run pgflow.runs, step_slug text) returns void
language plpgsql
set search_path to ''
as $$
declare
  begun text;
begin
  if run.paused_at is null then
    raise exception 'run % is not paused', run.run_id using errcode = 'PF007';
  end if;
  perform pgflow._refuse_unknown_step(run.run_id, step_slug);
  if not exists (
    select from pgflow.step_states s
    where s.run_id = run.run_id and s.step_slug = _refuse_late_edit.step_slug
      and s.status = 'completed'
  ) then
    raise exception 'step "%" of run % has not completed', step_slug, run.run_id
      using errcode = 'PF007';
  end if;

  select d.step_slug into begun
  from pgflow.deps d
  join pgflow.step_states s on s.run_id = run.run_id and s.step_slug = d.step_slug
  where d.flow_slug = run.flow_slug and d.dep_slug = _refuse_late_edit.step_slug
    and s.status <> 'created'
  limit 1;
  if found then
    raise exception 'step "%" of run % is used already by "%"', step_slug, run.run_id, begun
      using errcode = 'PF007';
  end if;
end;
$$;
