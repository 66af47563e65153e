-- Why a run is where it is: for each open step what holds up how many of its tasks. A run that
-- has ended has no rows, an unknown one raises PF002. The situations:  waiting            for the
-- steps in `waits_for` start_delay        queued until due_at retry_due          an attempt has
-- failed (error_message); the next one comes at due_at waiting_for_slot   due since then, the
-- workers that serve the flow are busy no_worker, workers_draining, workers_silent, paused
-- nobody is going to claim it running            by worker_id, until due_at at most worker_silent
-- its worker lives but does not answer, like a process that was stopped worker_dead        its
-- worker has died: whichever worker lives puts it back into the queue lease_expired      its
-- worker had it for too long: whoever is free next takes it over inconsistent       the rows
-- contradict each other; check_invariants says how
create or replace function pgflow.explain_run(run_id uuid)
returns table (
  step_slug text, situation text, tasks int, since timestamptz, due_at timestamptz, worker_id uuid,
  attempt int, max_attempts int, error_message text, waits_for text[]
)
language plpgsql stable
set search_path to ''
as $$
begin
  if not exists (select from pgflow.runs r where r.run_id = explain_run.run_id) then
    raise exception 'run % does not exist', run_id using errcode = 'PF002';
  end if;

  return query
  select e.*
  from (
    select * from pgflow._explain_waiting_steps(explain_run.run_id)
    union all
    select * from pgflow._explain_started_steps(explain_run.run_id)
  ) as e (
    step_slug, situation, tasks, since, due_at, worker_id, attempt, max_attempts, error_message, waits_for
  )
  join pgflow.runs r on r.run_id = explain_run.run_id
  join pgflow.steps s on s.flow_slug = r.flow_slug and s.step_slug = e.step_slug
  order by s.step_index, e.situation;
end;
$$;
