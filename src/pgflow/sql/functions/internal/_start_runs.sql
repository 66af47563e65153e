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
  -- read once: a step that is added meanwhile is not counted here and there by half
  steps constant pgflow.steps[] := array(select s from pgflow.steps s where s.flow_slug = slug);
  step_count constant int := cardinality(steps);
  fresh uuid[];
  roots pgflow.step_ref[];
begin
  with inserted as (
    insert into pgflow.runs (run_id, flow_slug, input, remaining_steps, paused_at)
    select given.id, slug, given.input, step_count, case when paused then clock_timestamp() end
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
    insert into pgflow.step_states (flow_slug, run_id, step_slug, remaining_deps, initial_tasks)
    select slug, r.run_id, s.step_slug, s.deps_count,
      case
        when s.step_type = 'single' then 1
        when s.deps_count = 0 then jsonb_array_length(r.input)
      end
    from unnest(fresh) as f (run_id)
    join pgflow.runs r on r.run_id = f.run_id
    cross join unnest(steps) as s
    order by r.run_id, s.step_index
    returning run_id, step_slug, remaining_deps
  )
  select array_agg(row(slug, i.run_id, i.step_slug)::pgflow.step_ref) into roots
  from inserted i where i.remaining_deps = 0;

  perform pgflow._announce_runs(fresh, 'started');
  perform pgflow._advance(
    '{}', case when not paused then roots end, case when step_count = 0 then fresh end, delay
  );
  perform pgflow._wake_workers(array[slug]);
  return fresh;
end;
$$;
