-- Takes ended steps off the counts of runs in progress and completes those that have nothing left:
-- their output is an object of the leaves that completed, null when none did.
create or replace function pgflow._finish_runs(ended pgflow.step_ref[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  completed uuid[];
begin
  with tally as (
    select e.run_id, count(*)::int as steps from unnest(ended) as e group by e.run_id
  ),
  changed as (
    update pgflow.runs r
    set remaining_steps = r.remaining_steps - t.steps,
      status = case when r.remaining_steps = t.steps then 'completed' else r.status end,
      completed_at = case
        when r.remaining_steps = t.steps then greatest(clock_timestamp(), r.started_at)
      end,
      output = case when r.remaining_steps = t.steps then (
        select jsonb_object_agg(s.step_slug, s.output)
        from pgflow.step_states s
        where s.run_id = r.run_id and s.status = 'completed' and not exists (
          select from pgflow.deps d where d.flow_slug = r.flow_slug and d.dep_slug = s.step_slug
        )
      ) end
    from tally t
    cross join lateral (
      select x.ctid from pgflow.runs x where x.run_id = t.run_id limit 1
    ) as at
    where r.ctid = at.ctid and r.status = 'started'
    returning r.run_id, r.status
  )
  select array_agg(c.run_id) into completed from changed c where c.status = 'completed';

  perform pgflow._announce_runs(completed, 'completed');
end;
$$;
