-- Skips steps, and with `cascade` everything that descends from them; returns all that it
-- skipped. Open tasks of a skipped step are skipped with it. Steps that have ended already stay
-- as they are.
create or replace function pgflow._skip_steps(
  refs pgflow.step_ref[], reason text, cascade boolean default false, messages text[] default null
) returns pgflow.step_ref[]
language plpgsql
set search_path to ''
as $$
declare
  skipped pgflow.step_ref[];
begin
  if coalesce(cardinality(refs), 0) = 0 then
    return '{}';
  end if;

  with doomed as (
    select r.flow_slug, r.run_id, r.step_slug, reason as reason, m.message
    from unnest(refs) with ordinality as r (flow_slug, run_id, step_slug, n)
    left join unnest(messages) with ordinality as m (message, n) using (n)
    union all
    select d.flow_slug, d.run_id, d.step_slug, 'dependency_skipped', null
    from pgflow._descendants(refs) as d
    where cascade
  ),
  changed as (
    update pgflow.step_states s
    set status = 'skipped', skip_reason = doomed.reason, error_message = doomed.message,
      remaining_tasks = null,
      skipped_at = greatest(clock_timestamp(), s.created_at, s.started_at)
    from (
      select distinct on (d.run_id, d.step_slug) * from doomed d
      order by d.run_id, d.step_slug, d.reason = 'dependency_skipped'
    ) as doomed
    where s.run_id = doomed.run_id and s.step_slug = doomed.step_slug
      and s.status in ('created', 'started')
    returning s.flow_slug, s.run_id, s.step_slug
  )
  select array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref) into skipped
  from changed c;

  perform pgflow._close_tasks(skipped, 'skipped');
  perform pgflow._announce_steps(skipped, 'skipped');
  return coalesce(skipped, '{}');
end;
$$;
