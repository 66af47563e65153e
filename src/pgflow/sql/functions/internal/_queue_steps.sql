-- Inserts the tasks of steps that have just started, with their messages. `delay` is added to the
-- steps' own.
create or replace function pgflow._queue_steps(started pgflow.step_ref[], delay int) returns void
language plpgsql
set search_path to ''
as $$
declare
  batch record;
begin
  if started is null then
    return;
  end if;
  perform pgflow._announce_steps(started, 'started');

  for batch in
    select
      s.flow_slug, s.step_type,
      coalesce(s.opt_start_delay, 0) + coalesce(_queue_steps.delay, 0) as delay,
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
