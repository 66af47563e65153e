-- The tasks that workers hold now. They are found by their messages, which are hidden for the
-- lease: there is no index on what changes with every claim.
create or replace function pgflow.held_tasks()
returns table (
  worker_id uuid, run_id uuid, flow_slug text, step_slug text, task_index int, attempt int, since timestamptz
)
language plpgsql stable
set search_path to ''
as $$
declare
  slug text;
begin
  for slug in select f.flow_slug from pgflow.flows f order by f.flow_slug loop
    continue when to_regclass(format('pgmq.%I', 'q_' || pgflow.queue_name(slug))) is null;
    return query execute format(
      $query$
        select
          t.last_worker_id, t.run_id, t.flow_slug, t.step_slug, t.task_index, t.attempts_count,
          t.started_at
        from pgmq.%I as m
        join pgflow.step_tasks t
          on t.run_id = (m.message ->> 'run_id')::uuid and t.step_slug = m.message ->> 'step_slug'
          and t.task_index = (m.message ->> 'task_index')::int
        where m.vt > clock_timestamp() and t.status = 'started' and t.last_worker_id is not null
      $query$,
      'q_' || pgflow.queue_name(slug)
    );
  end loop;
end;
$$;
