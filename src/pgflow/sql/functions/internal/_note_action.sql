-- Writes down what somebody has done to a run.
create or replace function pgflow._note_action(
  run_id uuid, action text, step_slug text default null, detail jsonb default null
) returns void
language sql
set search_path to ''
as $$
  insert into pgflow.run_actions (run_id, action, step_slug, detail)
  values (_note_action.run_id, _note_action.action, _note_action.step_slug, _note_action.detail)
$$;
