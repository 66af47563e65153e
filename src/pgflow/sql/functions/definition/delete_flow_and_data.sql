-- Removes a flow with everything that belongs to it: queue, archive, tasks, states, runs,
-- definition. Locks the flow and its runs first, so that a report in flight ends before and a
-- later one finds nothing. Before them the lock of whoever looks after dead workers, who reads
-- queues before he locks runs. An unknown flow is no error.
create or replace function pgflow.delete_flow_and_data(p_flow_slug text) returns void
language plpgsql
set search_path to ''
as $$
declare
  queue constant text := pgflow.queue_name(p_flow_slug);
  doomed uuid[];
begin
  perform pg_advisory_xact_lock(pgflow._recovery_key());
  perform from pgflow.flows f where f.flow_slug = p_flow_slug for update;
  perform from pgflow.runs r where r.flow_slug = p_flow_slug order by r.run_id for update;
  doomed := array(select r.run_id from pgflow.runs r where r.flow_slug = p_flow_slug);

  delete from pgflow.step_tasks t where t.run_id = any (doomed);
  delete from pgflow.step_states s where s.run_id = any (doomed);
  delete from pgflow.run_watches w where w.run_id = any (doomed);
  delete from pgflow.run_actions a where a.run_id = any (doomed);
  perform from pgflow.run_traces t where t.run_id = any (doomed) order by t.run_id for update;
  delete from pgflow.run_traces t where t.run_id = any (doomed);
  delete from pgflow.runs r where r.flow_slug = p_flow_slug;
  delete from pgflow.deps d where d.flow_slug = p_flow_slug;
  delete from pgflow.steps s where s.flow_slug = p_flow_slug;
  delete from pgflow.flows f where f.flow_slug = p_flow_slug;

  if exists (select from pgmq.meta m where m.queue_name = queue) then
    perform pgmq.drop_queue(queue);
  end if;
end;
$$;
