-- Claims up to `quantity` tasks of the flows, served in the given order: each gets an even share,
-- and what is left over goes to those that had more. Fewer rows than asked for mean that the
-- queues are empty. Never waits for a lock; of workers that race each gets other tasks.
create or replace function pgflow.claim_tasks(worker_id uuid, flow_slugs text[], quantity int)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_material to off
set random_page_cost to 0
as $$
declare
  asked text[] := flow_slugs;
  with_more text[];
  remaining int := quantity;
  share int;
  claimed int;
begin
  while remaining > 0 and cardinality(asked) > 0 loop
    with_more := '{}';
    for i in 1 .. cardinality(asked) loop
      share := ceil(remaining::numeric / (cardinality(asked) - i + 1));
      exit when share = 0;
      return query select * from pgflow._claim_from(worker_id, asked[i], share);
      get diagnostics claimed = row_count;
      remaining := remaining - claimed;
      if claimed = share then
        with_more := with_more || asked[i];
      end if;
    end loop;
    asked := with_more;
  end loop;
end;
$$;
