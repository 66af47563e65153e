-- Replaces the output of a completed step of a paused run, before any of its dependents has
-- started: they will see the new one. Raises PF007 when it is too late, PF006 when a map needs an
-- array.
create or replace function pgflow.edit_step_output(run_id uuid, step_slug text, output jsonb)
returns setof pgflow.step_states
language plpgsql
set search_path to ''
as $$
declare
  run constant pgflow.runs := pgflow._lock_open_run(edit_step_output.run_id);
  previous jsonb;
begin
  perform pgflow._refuse_late_edit(run, step_slug);
  perform pgflow._refuse_unmappable_output(run.flow_slug, step_slug, output);
  select s.output into previous from pgflow.step_states s
  where s.run_id = edit_step_output.run_id and s.step_slug = edit_step_output.step_slug;

  update pgflow.step_states s set output = edit_step_output.output
  where s.run_id = edit_step_output.run_id and s.step_slug = edit_step_output.step_slug;
  update pgflow.step_states s set initial_tasks = jsonb_array_length(edit_step_output.output)
  from pgflow.deps d
  join pgflow.steps c on c.flow_slug = d.flow_slug and c.step_slug = d.step_slug
  where d.flow_slug = run.flow_slug and d.dep_slug = edit_step_output.step_slug
    and c.step_type = 'map'
    and s.run_id = edit_step_output.run_id and s.step_slug = d.step_slug;

  perform pgflow._note_action(
    run_id, 'edit', step_slug, jsonb_build_object('from', previous, 'to', output)
  );
  return query
  select s.* from pgflow.step_states s
  where s.run_id = edit_step_output.run_id and s.step_slug = edit_step_output.step_slug;
end;
$$;
