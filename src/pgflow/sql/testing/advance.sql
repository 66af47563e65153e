create schema if not exists pgflow_testing;

-- Time travel for tests: everything that is stored happened `seconds` earlier, so retries, start
-- delays, leases and heartbeats fall due without a wait. Installed in test databases only.
create or replace function pgflow_testing.advance(seconds double precision) returns void
language plpgsql
set search_path to ''
as $$
declare
  past constant interval := make_interval(secs => seconds);
  queue text;
begin
  update pgflow.runs set
    started_at = started_at - past, completed_at = completed_at - past,
    failed_at = failed_at - past, cancelled_at = cancelled_at - past;
  update pgflow.step_states set
    created_at = created_at - past, started_at = started_at - past,
    completed_at = completed_at - past, failed_at = failed_at - past, skipped_at = skipped_at - past;
  update pgflow.step_tasks set
    queued_at = queued_at - past, started_at = started_at - past, completed_at = completed_at - past,
    failed_at = failed_at - past, lease_expires_at = lease_expires_at - past;
  update pgflow.run_actions set acted_at = acted_at - past;
  update pgflow.workers set
    started_at = started_at - past, stopped_at = stopped_at - past,
    last_heartbeat_at = last_heartbeat_at - past;

  for queue in select q.queue_name from pgmq.list_queues() as q loop
    execute format('update pgmq.%I set vt = vt - $1, enqueued_at = enqueued_at - $1', 'q_' || queue)
    using past;
    execute format('update pgmq.%I set archived_at = archived_at - $1', 'a_' || queue) using past;
  end loop;
  perform pg_notify('pgflow_work', f.flow_slug) from pgflow.flows f;
end;
$$;
