-- Ends steps that have run out of attempts, as their when_exhausted says: fail the run, or skip
-- the step alone or with all that descends from it. Returns what was skipped.
create or replace function pgflow._end_exhausted_steps(refs pgflow.step_ref[], messages text[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  skipped pgflow.step_ref[] := '{}';
  batch record;
begin
  for batch in
    select
      e.when_exhausted,
      array_agg(e.ref order by e.n) as refs,
      array_agg(e.message order by e.n) as messages
    from (
      select distinct on (x.run_id, x.step_slug)
        x.n, x.message, s.when_exhausted,
        row(x.flow_slug, x.run_id, x.step_slug)::pgflow.step_ref as ref
      from unnest(refs, messages) with ordinality as x (flow_slug, run_id, step_slug, message, n)
      join pgflow.steps s on s.flow_slug = x.flow_slug and s.step_slug = x.step_slug
      order by x.run_id, x.step_slug, x.n
    ) as e
    group by e.when_exhausted
  loop
    if batch.when_exhausted = 'fail' then
      perform pgflow._fail_steps(batch.refs, batch.messages);
    else
      skipped := skipped || pgflow._skip_steps(
        batch.refs, 'handler_failed', batch.when_exhausted = 'skip-cascade', batch.messages
      );
    end if;
  end loop;
  return skipped;
end;
$$;
