-- The payload of a step's event. A step that never had a task says in `completed` that it
-- started, too.
create or replace function pgflow._step_event(state pgflow.step_states, event text) returns jsonb
language sql stable
set search_path to ''
as $$
  select jsonb_build_object(
    'event_type', 'step:' || event, 'run_id', state.run_id, 'step_slug', state.step_slug,
    'status', state.status
  ) || case event
    when 'started' then jsonb_build_object(
      'started_at', state.started_at, 'remaining_tasks', state.remaining_tasks,
      'remaining_deps', state.remaining_deps
    )
    when 'completed' then
      jsonb_build_object('output', state.output, 'completed_at', state.completed_at)
      || case when state.initial_tasks = 0 then jsonb_build_object(
        'started_at', state.started_at, 'remaining_tasks', 0, 'remaining_deps', 0
      ) else '{}' end
    when 'failed' then jsonb_build_object(
      'error_message', state.error_message, 'failed_at', state.failed_at
    )
    else
      jsonb_build_object(
        'flow_slug', state.flow_slug, 'skip_reason', state.skip_reason,
        'skipped_at', state.skipped_at
      )
      || case when state.skip_reason = 'handler_failed'
        then jsonb_build_object('error_message', state.error_message) else '{}' end
  end
$$;
