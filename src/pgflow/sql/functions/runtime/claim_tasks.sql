-- Claims up to `quantity` tasks of the flows, served in the given order: each gets an even share,
-- and what is left over goes to those that had more. Fewer rows than asked for mean that the
-- queues are empty. Never waits for a lock; of workers that race each gets other tasks.
create or replace function pgflow.claim_tasks(worker_id uuid, flow_slugs text[], quantity int)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
begin
  return query select * from pgflow._claim(worker_id, flow_slugs, quantity);
end;
$$;
