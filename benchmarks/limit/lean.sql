-- The least that a workflow engine in SQL has to do: runs, states, tasks, a queue; one call reports
-- a batch, unlocks what waited for it and claims the next. No checks, no foreign keys, no fencing,
-- no retries, no conditions, no maps, no events.
create schema lean;

create table lean.deps (flow text, dep text, step text, primary key (flow, dep, step));
create table lean.steps (flow text, step text, deps_count int, primary key (flow, step));

insert into lean.steps values
  ('hello', 'full_name', 0), ('hello', 'greeting', 1),
  ('diamond', 'website', 0), ('diamond', 'sentiment', 1), ('diamond', 'summary', 1),
  ('diamond', 'save', 2);
insert into lean.deps values
  ('hello', 'full_name', 'greeting'),
  ('diamond', 'website', 'sentiment'), ('diamond', 'website', 'summary'),
  ('diamond', 'sentiment', 'save'), ('diamond', 'summary', 'save');

create table lean.runs (
  run_id uuid primary key default uuidv7(), flow text, status text default 'started', input jsonb,
  output jsonb, remaining int, completed_at timestamptz
) with (fillfactor = 60);

create table lean.states (
  run_id uuid, step text, flow text, status text default 'created', remaining_deps int,
  output jsonb, primary key (run_id, step)
) with (fillfactor = 60);

create table lean.tasks (
  run_id uuid, step text, msg_id bigint, status text default 'queued', output jsonb,
  primary key (run_id, step)
) with (fillfactor = 60);

create function lean.start(flow_slug text, inputs jsonb) returns void
language plpgsql
set plan_cache_mode to force_generic_plan
set jit to off
as $$
declare
  ids uuid[];
  root text;
begin
  with started as (
    insert into lean.runs (flow, input, remaining)
    select flow_slug, i, (select count(*) from lean.steps s where s.flow = flow_slug)
    from jsonb_array_elements(inputs) as i
    returning run_id
  )
  select array_agg(run_id) into ids from started;

  insert into lean.states (run_id, step, flow, remaining_deps, status)
  select id, s.step, flow_slug, s.deps_count,
    case when s.deps_count = 0 then 'started' else 'created' end
  from unnest(ids) as id cross join lean.steps s
  where s.flow = flow_slug;

  for root in select s.step from lean.steps s where s.flow = flow_slug and s.deps_count = 0 loop
    insert into lean.tasks (run_id, step, msg_id)
    select t.run_id, root, t.msg_id
    from unnest(ids, lean.send(ids, array_fill(root, array[cardinality(ids)])))
      as t (run_id, msg_id);
  end loop;
end;
$$;

create function lean.exchange(report jsonb, quantity int)
returns table (msg_id bigint, run_id uuid, step text, input jsonb)
language plpgsql
set plan_cache_mode to force_generic_plan
set jit to off
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set random_page_cost to 0
as $$
declare
  ready_runs uuid[];
  ready_steps text[];
begin
  if jsonb_array_length(report) > 0 then
    perform from lean.runs r
    where r.run_id = any (array(
      select x.run_id from jsonb_to_recordset(report) as x (run_id uuid)
    ))
    order by r.run_id for no key update;

    with told as (
      select * from jsonb_to_recordset(report) as x (run_id uuid, step text, output jsonb)
    ),
    task as (
      update lean.tasks t set status = 'completed', output = o.output
      from told o where t.run_id = o.run_id and t.step = o.step and t.status = 'started'
      returning t.run_id, t.step, t.output
    ),
    state as (
      update lean.states s set status = 'completed', output = t.output
      from task t where s.run_id = t.run_id and s.step = t.step
      returning s.run_id, s.step, s.flow, s.output
    ),
    child as (
      select s.run_id, d.step, count(*)::int as parents
      from state s join lean.deps d on d.flow = s.flow and d.dep = s.step
      group by s.run_id, d.step
    ),
    unlocked as (
      update lean.states s set remaining_deps = s.remaining_deps - c.parents,
        status = case when s.remaining_deps = c.parents then 'started' else s.status end
      from child c where s.run_id = c.run_id and s.step = c.step
      returning s.run_id, s.step, s.remaining_deps
    ),
    ended as (
      update lean.runs r set remaining = r.remaining - n.steps,
        status = case when r.remaining = n.steps then 'completed' else r.status end,
        completed_at = case when r.remaining = n.steps then clock_timestamp() end,
        output = case when r.remaining = n.steps then n.output end
      from (
        select s.run_id, count(*)::int as steps, jsonb_object_agg(s.step, s.output) as output
        from state s group by s.run_id
      ) as n
      where r.run_id = n.run_id
    )
    select array_agg(u.run_id), array_agg(u.step) into ready_runs, ready_steps
    from unlocked u where u.remaining_deps = 0;

    perform lean.done(array(
      select x.msg_id from jsonb_to_recordset(report) as x (msg_id bigint)
    ));
    if ready_runs is not null then
      insert into lean.tasks (run_id, step, msg_id)
      select * from unnest(ready_runs, ready_steps, lean.send(ready_runs, ready_steps));
    end if;
  end if;

  return query
  with message as materialized (select * from lean.read(quantity))
  update lean.tasks t set status = 'started'
  from message m
  where t.run_id = m.run_id and t.step = m.step
  returning m.msg_id, m.run_id, m.step, coalesce(
    (
      select jsonb_object_agg(d.dep, p.output)
      from lean.states s
      join lean.deps d on d.flow = s.flow and d.step = s.step
      join lean.states p on p.run_id = s.run_id and p.step = d.dep
      where s.run_id = m.run_id and s.step = m.step
    ),
    (select r.input from lean.runs r where r.run_id = m.run_id)
  );
end;
$$;
