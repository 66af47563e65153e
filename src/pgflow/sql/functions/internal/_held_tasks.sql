-- The tasks that a worker holds, as a report of lost attempts. They are found by their messages,
-- which are hidden for the lease: there is no index on what changes with every claim.
create or replace function pgflow._held_tasks(worker_id uuid, flow_slugs text[]) returns jsonb
language plpgsql
set search_path to ''
as $$
declare
  slug text;
  found_here jsonb;
  report jsonb := '[]';
begin
  foreach slug in array flow_slugs loop
    continue when to_regclass(format('pgmq.%I', 'q_' || pgflow.queue_name(slug))) is null;
    execute format(
      $query$
        select jsonb_agg(jsonb_build_object(
          'run_id', t.run_id, 'step_slug', t.step_slug, 'task_index', t.task_index,
          'attempt', t.attempts_count, 'lost', true
        ))
        from pgmq.%I as m
        join pgflow.step_tasks t
          on t.run_id = (m.message ->> 'run_id')::uuid and t.step_slug = m.message ->> 'step_slug'
          and t.task_index = (m.message ->> 'task_index')::int
        where m.vt > clock_timestamp() - interval '1 minute'
          and t.status = 'started' and t.last_worker_id = $1
      $query$,
      'q_' || pgflow.queue_name(slug)
    ) into found_here using worker_id;
    report := report || coalesce(found_here, '[]');
  end loop;
  return report;
end;
$$;
