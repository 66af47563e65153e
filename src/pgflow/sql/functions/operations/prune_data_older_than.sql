-- Removes what ended longer ago than that: runs with their states and tasks, archived messages,
-- workers. Unfinished runs are never touched, nor workers that live. Works through at most
-- `max_runs` runs a call (all, when null): an operator who calls it until it removes nothing keeps
-- every transaction short. Returns what it removed.
create or replace function pgflow.prune_data_older_than(
  retention_interval interval, max_runs int default null,
  out runs bigint, out step_states bigint, out step_tasks bigint, out archived_messages bigint,
  out workers bigint
)
language plpgsql
set search_path to ''
as $$
declare
  cutoff constant timestamptz := now() - retention_interval;
  doomed uuid[];
begin
  doomed := array(
    select r.run_id from pgflow.runs r
    where r.started_at < cutoff and r.status <> 'started'
      and coalesce(r.completed_at, r.failed_at, r.cancelled_at) < cutoff
    order by r.run_id
    limit max_runs
    for update skip locked
  );

  delete from pgflow.step_tasks t where t.run_id = any (doomed);
  get diagnostics step_tasks = row_count;
  delete from pgflow.step_states s where s.run_id = any (doomed);
  get diagnostics step_states = row_count;
  delete from pgflow.run_actions a where a.run_id = any (doomed);
  perform from pgflow.run_traces t where t.run_id = any (doomed) order by t.run_id for update;
  delete from pgflow.run_traces t where t.run_id = any (doomed);
  delete from pgflow.runs r where r.run_id = any (doomed);
  get diagnostics runs = row_count;
  delete from pgflow.workers w
  where coalesce(w.stopped_at, w.last_heartbeat_at) < cutoff
    and w.last_heartbeat_at < least(cutoff, now() - interval '1 minute');
  get diagnostics workers = row_count;
  archived_messages := pgflow._prune_archives(cutoff);
end;
$$;
