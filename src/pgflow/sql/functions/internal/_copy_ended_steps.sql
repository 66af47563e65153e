-- Copies into a new run what another has completed or skipped outside of a step and its
-- descendants, with the outputs in `changes` instead of those found.
create or replace function pgflow._copy_ended_steps(
  source_id uuid, new_id uuid, from_step text, changes jsonb
) returns void
language plpgsql
set search_path to ''
as $$
declare
  kept text[];
begin
  select array_agg(s.step_slug) into kept
  from pgflow.step_states s
  where s.run_id = source_id and s.status in ('completed', 'skipped') and s.step_slug <> from_step
    and not exists (
      select
      from pgflow._descendants(array[row(s.flow_slug, source_id, from_step)::pgflow.step_ref]) as d
      where d.step_slug = s.step_slug
    );

  insert into pgflow.step_states (
    flow_slug, run_id, step_slug, status, remaining_tasks, initial_tasks, output, error_message,
    skip_reason, started_at, completed_at, skipped_at
  )
  select
    s.flow_slug, new_id, s.step_slug,
    case when changes ? s.step_slug then 'completed' else s.status end,
    case when changes ? s.step_slug then 0 else s.remaining_tasks end, s.initial_tasks,
    coalesce(changes -> s.step_slug, s.output), s.error_message,
    case when not changes ? s.step_slug then s.skip_reason end,
    case when s.started_at is not null then now() end,
    case when s.status = 'completed' or changes ? s.step_slug then now() end,
    case when s.status = 'skipped' and not changes ? s.step_slug then now() end
  from pgflow.step_states s
  where s.run_id = source_id and s.step_slug = any (kept);

  insert into pgflow.step_tasks (
    flow_slug, run_id, step_slug, task_index, status, attempts_count, error_message, input, output,
    started_at, completed_at, failed_at
  )
  select
    t.flow_slug, new_id, t.step_slug, t.task_index, t.status, t.attempts_count, t.error_message,
    t.input, t.output, case when t.started_at is not null then now() end,
    case when t.status = 'completed' then now() end, case when t.status = 'failed' then now() end
  from pgflow.step_tasks t
  where t.run_id = source_id and t.step_slug = any (kept);
end;
$$;
