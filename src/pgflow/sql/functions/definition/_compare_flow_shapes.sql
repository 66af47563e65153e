-- What differs between two shapes, a sentence each; empty when they are the same structure.
-- Options and the order of dependencies do not count, the order of steps does.
create or replace function pgflow._compare_flow_shapes(p_local jsonb, p_db jsonb) returns text[]
language plpgsql stable
set search_path to ''
as $$
declare
  local_steps constant jsonb := coalesce(p_local -> 'steps', '[]');
  db_steps constant jsonb := coalesce(p_db -> 'steps', '[]');
  local_count constant int := jsonb_array_length(local_steps);
  db_count constant int := jsonb_array_length(db_steps);
  differences text[] := '{}';
begin
  if local_count <> db_count then
    differences := differences || format('Step count differs: %s vs %s', local_count, db_count);
  end if;

  for i in 0 .. greatest(local_count, db_count) - 1 loop
    differences := differences || pgflow._compare_step_shapes(i, local_steps -> i, db_steps -> i);
  end loop;
  return differences;
end;
$$;
