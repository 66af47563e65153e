-- Ends runs as `failed` or `cancelled`: open steps become cancelled, open tasks with them. Runs
-- that have ended already stay as they are. Here, too, the remaining steps are counted: a run that
-- is written twice by a transaction has its foreign key checked, which locks the flow after the run.
create or replace function pgflow._end_runs(
  run_ids uuid[], new_status text, messages text[] default null
) returns void
language plpgsql
set search_path to ''
as $$
declare
  ended uuid[];
  interrupted pgflow.step_ref[];
begin
  with changed as (
    update pgflow.runs r
    set status = new_status, error_message = e.message,
      remaining_steps = (
        select count(*) from pgflow.step_states s
        where s.run_id = r.run_id and s.status not in ('completed', 'skipped')
      ),
      failed_at = case new_status when 'failed' then greatest(clock_timestamp(), r.started_at) end,
      cancelled_at = case new_status
        when 'cancelled' then greatest(clock_timestamp(), r.started_at)
      end
    from unnest(run_ids, messages) as e (run_id, message)
    where r.run_id = e.run_id and r.status = 'started'
    returning r.run_id
  )
  select array_agg(c.run_id) into ended from changed c;

  update pgflow.step_states s set status = 'cancelled'
  where s.run_id = any (ended) and s.status in ('created', 'started');

  select array_agg(row(s.flow_slug, s.run_id, s.step_slug)::pgflow.step_ref) into interrupted
  from pgflow.step_states s
  where s.run_id = any (ended) and s.status in ('failed', 'cancelled') and s.started_at is not null;

  perform pgflow._close_tasks(interrupted, 'cancelled');
  perform pgflow._announce_runs(ended, new_status);
end;
$$;
