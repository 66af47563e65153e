-- What has ended in runs: lives of the run itself (step_slug null) and steps, each in the life of
-- the run that saw its end.
create or replace function pgflow._ended_spans(run_ids uuid[])
returns table (
  run_id uuid, flow_slug text, step_slug text, retries int, status text, error_message text,
  skip_reason text, tasks int, started_at timestamptz, ended_at timestamptz
)
language sql stable
set search_path to ''
as $$
  with lives as materialized (select * from pgflow._run_lives(_ended_spans.run_ids))
  select l.run_id, l.flow_slug, null, l.retries, l.status, l.error_message, null, null,
    l.began_at, l.ended_at
  from lives l
  where l.ended_at is not null
  union all
  select s.run_id, s.flow_slug, s.step_slug, life.retries, s.status, s.error_message,
    s.skip_reason, s.tasks, greatest(s.started_at, life.began_at), s.ended_at
  from pgflow._ended_steps(_ended_spans.run_ids) as s
  cross join lateral (
    select l.retries, l.began_at from lives l
    where l.run_id = s.run_id and l.began_at <= s.ended_at
    order by l.retries desc
    limit 1
  ) as life
$$;
