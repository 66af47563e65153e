-- Starts ready steps: created -> started, tasks and messages inserted. Steps of a run that has
-- failed meanwhile are no longer `created` and stay as they are.
create or replace function pgflow._start_steps(refs pgflow.step_ref[], delay int) returns void
language plpgsql
set search_path to ''
as $$
declare
  started pgflow.step_ref[];
begin
  if refs is null then
    return;
  end if;

  with changed as (
    update pgflow.step_states s
    set status = 'started', remaining_tasks = s.initial_tasks,
      started_at = greatest(clock_timestamp(), s.created_at)
    from unnest(refs) as r
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = r.run_id and x.step_slug = r.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status = 'created'
    returning s.flow_slug, s.run_id, s.step_slug
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref order by c.step_slug)
  into started from changed c;

  perform pgflow._queue_steps(started, delay);
end;
$$;
