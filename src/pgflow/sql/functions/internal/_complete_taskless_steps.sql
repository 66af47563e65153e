-- Completes maps without elements: their output is an empty array.
create or replace function pgflow._complete_taskless_steps(refs pgflow.step_ref[])
returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  completed pgflow.step_ref[];
begin
  with changed as (
    update pgflow.step_states s
    set status = 'completed', remaining_tasks = 0, output = '[]',
      started_at = greatest(now(), s.created_at), completed_at = greatest(now(), s.created_at)
    from unnest(refs) as r
    cross join lateral (
      select x.ctid from pgflow.step_states x
      where x.run_id = r.run_id and x.step_slug = r.step_slug
      limit 1
    ) as at
    where s.ctid = at.ctid and s.status = 'created'
    returning s.flow_slug, s.run_id, s.step_slug
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref) into completed
  from changed c;

  perform pgflow._announce_steps(completed, 'completed');
  return coalesce(completed, '{}');
end;
$$;
