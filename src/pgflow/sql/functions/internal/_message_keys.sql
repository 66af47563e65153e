-- The tasks that messages name, in parallel arrays. What is no task's name becomes null: anybody
-- may have put anything into a queue.
create or replace function pgflow._message_keys(
  messages jsonb[], out run_ids uuid[], out step_slugs text[], out task_indexes int[]
)
language plpgsql
set search_path to ''
as $$
begin
  select
    array_agg(case
      when m.message ->> 'run_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (m.message ->> 'run_id')::uuid
    end order by m.n),
    array_agg(m.message ->> 'step_slug' order by m.n),
    array_agg(case
      when m.message ->> 'task_index' ~ '^[0-9]{1,9}$' then (m.message ->> 'task_index')::int
    end order by m.n)
  into run_ids, step_slugs, task_indexes
  from unnest(messages) with ordinality as m (message, n);
end;
$$;
