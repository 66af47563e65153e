-- Starts a new run of the same flow that keeps what the old one has completed or skipped outside
-- of a step and its descendants, and goes on from there. `input` replaces the run's input when
-- the step is a root, else the outputs of the dependencies that it names. Raises PF007 when a
-- dependency of the step has not ended in the old run.
create or replace function pgflow.rerun_from_step(
  run_id uuid, step_slug text, input jsonb default null, paused boolean default false
) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  source constant pgflow.runs := pgflow._lock_run(rerun_from_step.run_id);
  new_id constant uuid := pgflow.new_run_id();
  is_root constant boolean := pgflow._refuse_impossible_rerun(source, step_slug, input);
  changes constant jsonb := case when not is_root then coalesce(input, '{}') else '{}' end;
begin
  insert into pgflow.runs (run_id, flow_slug, input, paused_at)
  values (
    new_id, source.flow_slug,
    case when is_root then coalesce(input, source.input) else source.input end,
    case when paused then clock_timestamp() end
  );
  perform pgflow._copy_ended_steps(source.run_id, new_id, step_slug, changes);
  perform pgflow._create_other_steps(source.flow_slug, new_id);
  perform pgflow._note_action(new_id, 'rerun', step_slug, jsonb_build_object(
    'run_id', source.run_id, 'input', input
  ));

  perform pgflow._announce_runs(array[new_id], 'started');
  if not paused then
    perform pgflow._advance('{}', pgflow._ready_steps(new_id));
    perform pgflow._wake_workers(array[source.flow_slug]);
  end if;
  return query select r.* from pgflow.runs r where r.run_id = new_id;
end;
$$;
