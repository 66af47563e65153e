-- Carries runs on after steps have ended: unlocks their dependents, judges conditions and steps
-- without tasks until nothing changes any more, starts what is ready, finishes runs that have
-- nothing left. `ended` are steps that have just completed or been skipped, `ready` steps without
-- open dependencies. Runs in `paused` unlock steps but start none. The caller holds the runs'
-- locks.
create or replace function pgflow._advance(
  ended pgflow.step_ref[], ready pgflow.step_ref[],
  delay int default null, paused uuid[] default null
) returns void
language plpgsql
set search_path to ''
as $$
declare
  all_ended pgflow.step_ref[] := ended;
  to_start pgflow.step_ref[];
  unlocked record;
  verdict record;
begin
  loop
    if cardinality(ended) > 0 then
      unlocked := pgflow._unlock_dependents(ended, paused);
      perform pgflow._queue_steps(unlocked.started, delay);
      ready := ready || unlocked.ready;
    end if;
    exit when coalesce(cardinality(ready), 0) = 0;

    verdict := pgflow._judge_ready_steps(ready);
    to_start := to_start || verdict.startable;
    all_ended := all_ended || verdict.ended;
    ended := verdict.ended;
    ready := '{}';
  end loop;

  perform pgflow._start_steps(to_start, delay);
  if cardinality(all_ended) > 0 then
    perform pgflow._finish_runs(all_ended);
  end if;
end;
$$;
