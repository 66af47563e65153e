-- Start a run from plain SQL
SELECT * FROM pgflow.start_flow(flow_slug => 'greet_user', input => '{"first_name": "Alice", "last_name": "Smith"}'::jsonb);

-- How the run stands
SELECT status, output, remaining_steps FROM pgflow.runs WHERE run_id = '...';

-- What its steps gave
SELECT ss.step_slug, ss.status, st.output FROM pgflow.step_states ss LEFT JOIN pgflow.step_tasks st ON ss.run_id = st.run_id
  AND ss.step_slug = st.step_slug AND st.status = 'completed' WHERE ss.run_id = '...';

-- What waits or is being worked on
SELECT run_id, step_slug, status, attempts_count, queued_at, started_at, last_worker_id FROM pgflow.step_tasks
  WHERE status IN ('queued', 'started') ORDER BY queued_at ASC;

-- How long its steps took
SELECT step_slug, status, started_at, completed_at, failed_at, EXTRACT(EPOCH FROM (COALESCE(completed_at, failed_at) - started_at)) AS
  duration_seconds FROM pgflow.step_states WHERE run_id = '...' ORDER BY created_at ASC;

-- What failed for good
SELECT ss.step_slug, st.attempts_count, st.error_message, st.failed_at FROM pgflow.step_states ss JOIN pgflow.step_tasks st ON
  ss.run_id = st.run_id AND ss.step_slug = st.step_slug WHERE ss.run_id = '...' AND ss.status = 'failed';

-- Which workers live
SELECT worker_id, last_heartbeat FROM pgflow.workers WHERE last_heartbeat > now() - interval '6 seconds';

-- Remove a flow and everything of it
SELECT pgflow.delete_flow_and_data('your_flow_slug');
