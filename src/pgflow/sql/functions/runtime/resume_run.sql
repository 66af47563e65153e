-- Ends a pause: everything that is ready starts. A run that is not paused is returned unchanged,
-- one that has ended raises PF007.
create or replace function pgflow.resume_run(run_id uuid) returns setof pgflow.runs
language plpgsql
set search_path to ''
as $$
declare
  run constant pgflow.runs := pgflow._lock_open_run(resume_run.run_id);
begin
  if run.paused_at is not null then
    update pgflow.runs r set paused_at = null where r.run_id = resume_run.run_id;
    perform pgflow._note_action(run_id, 'resume');
    perform pgflow._advance('{}', pgflow._ready_steps(run_id));
    perform pgflow._wake_workers(array[run.flow_slug]);
  end if;
  return query select r.* from pgflow.runs r where r.run_id = resume_run.run_id;
end;
$$;
