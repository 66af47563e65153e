-- The flows and how much is going on in each.
create or replace view pgflow.flow_overview as
select
  f.flow_slug,
  (select count(*) from pgflow.steps s where s.flow_slug = f.flow_slug)::int as steps,
  (select count(*) from pgflow.runs r where r.flow_slug = f.flow_slug and r.status = 'started') as open_runs,
  (select count(*) from pgflow.runs r where r.flow_slug = f.flow_slug) as runs,
  (select max(r.started_at) from pgflow.runs r where r.flow_slug = f.flow_slug) as last_run_at,
  (
    select count(*) from pgflow.workers w
    where w.stopped_at is null and f.flow_slug = any (w.flow_slugs)
      and pgflow._worker_state(w) in ('alive', 'draining', 'silent')
  )::int as workers,
  f.created_at
from pgflow.flows f;
