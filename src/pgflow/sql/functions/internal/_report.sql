-- Applies a report: completed, failed, lost and released attempts of any number of runs and
-- flows. Locks the runs first, in order; every outcome is judged under that lock, so of two
-- reports that race the second finds what the first has left. Returns the outcomes that were
-- refused and the flows of all.
create or replace function pgflow._report(
  worker_id uuid, report jsonb, out refused pgflow.outcome[], out flow_slugs text[]
)
language plpgsql
set search_path to ''
as $$
declare
  outcomes constant pgflow.outcome[] := pgflow._read_report(report);
  completions record;
  hit pgflow.task_ref[];
  failures record;
  ended pgflow.step_ref[];
  paused uuid[];
begin
  select array_agg(r.run_id) filter (where r.paused_at is not null), array_agg(distinct r.flow_slug)
  into paused, flow_slugs
  from (
    select r.run_id, r.flow_slug, r.paused_at from pgflow.runs r
    where r.run_id = any (array(select o.run_id from unnest(outcomes) as o))
    order by r.run_id
    for no key update
  ) as r;

  completions := pgflow._complete_tasks(worker_id, outcomes);
  hit := completions.hit;
  ended := completions.completed;

  if coalesce(cardinality(hit), 0) < cardinality(outcomes) then
    hit := hit || pgflow._fail_type_violations(worker_id, outcomes);
    failures := pgflow._fail_tasks(worker_id, outcomes);
    hit := hit || failures.hit;
    ended := ended || failures.skipped;
  end if;
  if cardinality(ended) > 0 then
    perform pgflow._advance(ended, '{}', paused => paused);
  end if;

  if coalesce(cardinality(hit), 0) < cardinality(outcomes) then
    refused := array(
      select o from unnest(outcomes) as o
      where o.position <> all (array(select h.position from unnest(hit) as h))
    );
    perform pgflow._archive_late_messages(refused);
  end if;
end;
$$;
