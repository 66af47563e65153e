-- Starts ready steps: created -> started, tasks and messages inserted. Steps of a run that has
-- failed meanwhile are no longer `created` and stay as they are. `delay` is added to the root
-- steps' own.
create or replace function pgflow._start_steps(refs pgflow.step_ref[], delay int default null)
returns void
language plpgsql
set search_path to ''
as $$
declare
  started pgflow.step_ref[];
  batch record;
begin
  if coalesce(cardinality(refs), 0) = 0 then
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
  if started is null then
    return;
  end if;

  perform pgflow._announce_steps(started, 'started');

  for batch in
    select
      s.flow_slug, s.step_type,
      coalesce(s.opt_start_delay, 0) + coalesce(_start_steps.delay, 0) as delay,
      array_agg(r.run_id order by r.run_id, s.step_index) as run_ids,
      array_agg(r.step_slug order by r.run_id, s.step_index) as step_slugs
    from unnest(started) as r
    join pgflow.steps s on s.flow_slug = r.flow_slug and s.step_slug = r.step_slug
    group by 1, 2, 3
  loop
    if batch.step_type = 'single' then
      perform pgflow._queue_tasks(
        batch.flow_slug, batch.run_ids, batch.step_slugs,
        array_fill(0, array[cardinality(batch.run_ids)]),
        array_fill(null::jsonb, array[cardinality(batch.run_ids)]), batch.delay
      );
    else
      perform pgflow._queue_map_tasks(batch.flow_slug, r.run_id, r.step_slug, batch.delay)
      from unnest(batch.run_ids, batch.step_slugs) as r (run_id, step_slug);
    end if;
  end loop;
end;
$$;
