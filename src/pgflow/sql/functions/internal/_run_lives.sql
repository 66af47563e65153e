-- The lives of runs: from the start, and from each retry, to the end or the next retry. Of an end
-- that a retry has undone nothing is left but that it was none that was wanted.
create or replace function pgflow._run_lives(run_ids uuid[])
returns table (
  run_id uuid, flow_slug text, retries int, began_at timestamptz, ended_at timestamptz, status text,
  error_message text
)
language sql stable
set search_path to ''
as $$
  with beginnings as (
    select r.run_id, r.started_at as began_at
    from pgflow.runs r where r.run_id = any (_run_lives.run_ids)
    union all
    select a.run_id, a.acted_at
    from pgflow.run_actions a where a.run_id = any (_run_lives.run_ids) and a.action = 'retry'
  ),
  lives as (
    select b.run_id, b.began_at, row_number() over life - 1 as retries,
      lead(b.began_at) over life as next_began_at
    from beginnings b
    window life as (partition by b.run_id order by b.began_at)
  )
  select l.run_id, r.flow_slug, l.retries::int, l.began_at,
    coalesce(l.next_began_at, r.completed_at, r.failed_at, r.cancelled_at),
    case when l.next_began_at is null then r.status else 'failed' end,
    case when l.next_began_at is null then r.error_message end
  from lives l
  join pgflow.runs r on r.run_id = l.run_id
$$;
