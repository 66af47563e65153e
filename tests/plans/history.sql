-- So many finished runs of the flow `hello`, as they are two days later. Their ids are as old as
-- they are.
with run as (
  insert into pgflow.runs (
    run_id, flow_slug, status, input, output, remaining_steps, started_at, completed_at
  )
  select
    (
      lpad(to_hex((extract(epoch from t.at) * 1000)::bigint), 12, '0')
      || '7000800' || lpad(to_hex(t.n), 13, '0')
    )::uuid,
    'hello', 'completed', '{"first_name": "Ada", "last_name": "Lovelace"}',
    '{"greeting": {"greeting": "Hello, Ada Lovelace!"}}', 0, t.at, t.at + interval '1 second'
  from (
    select n, now() - interval '2 days' + n * interval '10 milliseconds' as at
    from generate_series(1, %(count)s::int) as n
  ) as t
  returning run_id, started_at, completed_at
),
state as (
  insert into pgflow.step_states (
    flow_slug, run_id, step_slug, status, remaining_tasks, initial_tasks, output,
    created_at, started_at, completed_at
  )
  select 'hello', r.run_id, s.step_slug, 'completed', 0, 1, '{"greeting": "Hello, Ada Lovelace!"}',
    r.started_at, r.started_at, r.completed_at
  from run r cross join pgflow.steps s
  returning run_id, step_slug, started_at, completed_at
),
task as (
  insert into pgflow.step_tasks (
    flow_slug, run_id, step_slug, message_id, status, attempts_count, output,
    queued_at, started_at, completed_at
  )
  select 'hello', s.run_id, s.step_slug, -row_number() over (),
    'completed', 1, '{"greeting": "Hello, Ada Lovelace!"}', s.started_at, s.started_at,
    s.completed_at
  from state s
  returning run_id, step_slug, message_id, queued_at, completed_at
)
insert into pgmq.a_hello (msg_id, read_ct, enqueued_at, archived_at, vt, message)
select t.message_id, 1, t.queued_at, t.completed_at, t.completed_at, jsonb_build_object(
  'flow_slug', 'hello', 'run_id', t.run_id, 'step_slug', t.step_slug, 'task_index', 0
)
from task t
