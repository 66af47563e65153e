-- Inserts a task per element of the array that a map step runs over: the run's input, or the
-- output of its one dependency. The element is copied into its task, so that a claim never has to
-- read the whole array again.
create or replace function pgflow._queue_map_tasks(
  flow_slug text, run_id uuid, step_slug text, delay int
) returns void
language plpgsql
set search_path to ''
as $$
declare
  source jsonb;
  elements jsonb[];
begin
  select p.output into source
  from pgflow.deps d
  join pgflow.step_states p on p.run_id = _queue_map_tasks.run_id and p.step_slug = d.dep_slug
  where d.flow_slug = _queue_map_tasks.flow_slug and d.step_slug = _queue_map_tasks.step_slug;
  if not found then
    select r.input into source from pgflow.runs r where r.run_id = _queue_map_tasks.run_id;
  end if;

  elements := array(select jsonb_array_elements(source));
  perform pgflow._queue_tasks(
    flow_slug,
    array_fill(run_id, array[cardinality(elements)]),
    array_fill(step_slug, array[cardinality(elements)]),
    array(select generate_series(0, cardinality(elements) - 1)),
    elements,
    delay
  );
end;
$$;
