-- Inserts runs with a state per step and starts what is ready; returns the ids that are new. With
-- `idempotent`, ids that exist are passed over; with `paused` no step is started. Locks only rows
-- that it has inserted.
create or replace function pgflow._start_runs(
  flow_slug text, ids uuid[], inputs jsonb[],
  delay int default null, idempotent boolean default false, paused boolean default false
) returns uuid[]
language plpgsql
set search_path to ''
as $$
declare
  slug constant text := flow_slug;
  steps pgflow.steps[];
  maps_input boolean;
  is_judged boolean;
  fresh uuid[];
  started pgflow.step_ref[];
  ready pgflow.step_ref[];
begin
  -- read once: a step that is added meanwhile is not counted here and there by half
  select
    array_agg(s), bool_or(s.deps_count = 0 and s.step_type = 'map'),
    bool_or(s.deps_count = 0 and (
      s.required_input_pattern is not null or s.forbidden_input_pattern is not null
      or s.step_type = 'map' and '[]' = any (inputs)
    ))
  into steps, maps_input, is_judged
  from pgflow.steps s where s.flow_slug = slug;

  if maps_input then
    -- one of each type will do
    perform pgflow._refuse_unmappable_input(slug, given.input)
    from (select distinct on (jsonb_typeof(i)) i as input from unnest(inputs) as i) as given;
  end if;

  with inserted as (
    insert into pgflow.runs (run_id, flow_slug, input, remaining_steps, paused_at)
    select given.id, slug, given.input, coalesce(cardinality(steps), 0),
      case when paused then clock_timestamp() end
    from unnest(ids, inputs) as given (id, input)
    where not idempotent
      or not exists (select from pgflow.runs r where r.run_id = given.id)
    order by given.id
    on conflict on constraint runs_pkey do nothing
    returning run_id
  )
  select coalesce(array_agg(i.run_id), '{}') into fresh from inserted i;
  if cardinality(fresh) < cardinality(ids) and not idempotent then
    raise unique_violation using
      message = format('run %s exists already', ids[1]),
      hint = 'Call start_flows for an idempotent start.';
  end if;

  with inserted as (
    insert into pgflow.step_states (
      flow_slug, run_id, step_slug, remaining_deps, initial_tasks,
      status, remaining_tasks, started_at
    )
    select slug, r.run_id, s.step_slug, s.deps_count, t.tasks,
      case when b.starts then 'started' else 'created' end,
      case when b.starts then t.tasks end,
      case when b.starts then clock_timestamp() end
    from unnest(fresh) as f (run_id)
    join pgflow.runs r on r.run_id = f.run_id
    cross join unnest(steps) as s
    cross join lateral (
      select case
        when s.step_type = 'single' then 1
        when s.deps_count = 0 then jsonb_array_length(r.input)
      end
    ) as t (tasks)
    cross join lateral (select not paused and not is_judged and s.deps_count = 0) as b (starts)
    order by r.run_id, s.step_index
    returning run_id, step_slug, remaining_deps, status
  )
  select
    array_agg(row(slug, i.run_id, i.step_slug)::pgflow.step_ref) filter (where i.status = 'started'),
    array_agg(row(slug, i.run_id, i.step_slug)::pgflow.step_ref) filter (
      where i.status = 'created' and i.remaining_deps = 0 and not paused
    )
  into started, ready
  from inserted i;

  perform pgflow._announce_runs(fresh, 'started');
  perform pgflow._queue_steps(started, delay);
  if ready is not null then
    perform pgflow._advance('{}', ready, delay);
  elsif steps is null then
    perform pgflow._finish_empty_runs(fresh);
  end if;
  perform pgflow._wake_workers(array[slug]);
  return fresh;
end;
$$;
