-- The step of each task, in order.
create or replace function pgflow._steps_of(tasks pgflow.task_ref[]) returns pgflow.step_ref[]
language plpgsql immutable
set search_path to ''
as $$
begin
  return (
    select array_agg(row(t.flow_slug, t.run_id, t.step_slug)::pgflow.step_ref order by t.n)
    from unnest(tasks) with ordinality
      as t (flow_slug, run_id, step_slug, task_index, message_id, "position", n)
  );
end;
$$;
