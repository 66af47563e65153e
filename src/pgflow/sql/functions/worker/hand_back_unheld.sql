-- Hands back the tasks that a worker holds without knowing it, because the answer to its claim was
-- lost with the connection. `held` is what it does know, as in a heartbeat. For the worker itself,
-- while it claims nothing. Its row is locked first: a claim that comes through late holds that, by
-- the foreign key of its tasks. They are queued at once and keep their attempt. Returns how many.
create or replace function pgflow.hand_back_unheld(worker_id uuid, held jsonb) returns int
language plpgsql
set search_path to ''
as $$
declare
  worker pgflow.workers;
  report jsonb;
begin
  select w.* into worker from pgflow.workers w
  where w.worker_id = hand_back_unheld.worker_id
  for update;

  select jsonb_agg(t.task - 'lost' || '{"released": true}') into report
  from jsonb_array_elements(pgflow._held_tasks(worker.worker_id, worker.flow_slugs)) as t (task)
  where t.task - 'lost' not in (select h.task from jsonb_array_elements(held) as h (task));
  if report is null then
    return 0;
  end if;

  perform pgflow.report_tasks(hand_back_unheld.worker_id, report);
  return jsonb_array_length(report);
end;
$$;
