-- Fails steps, each with its message, and with them their runs. Of several steps of one run the
-- first decides: the others are cancelled with the run.
create or replace function pgflow._fail_steps(refs pgflow.step_ref[], messages text[]) returns void
language plpgsql
set search_path to ''
as $$
declare
  failed pgflow.step_ref[];
  run_ids uuid[];
  run_messages text[];
begin
  with first as (
    select distinct on (f.run_id) f.run_id, f.step_slug, f.message
    from unnest(refs, messages) with ordinality as f (flow_slug, run_id, step_slug, message, n)
    order by f.run_id, f.n
  ),
  changed as (
    update pgflow.step_states s
    set status = 'failed', error_message = f.message,
      failed_at = greatest(clock_timestamp(), s.created_at, s.started_at)
    from first f
    where s.run_id = f.run_id and s.step_slug = f.step_slug and s.status in ('created', 'started')
    returning s.flow_slug, s.run_id, s.step_slug, f.message
  )
  select
    array_agg(row(c.flow_slug, c.run_id, c.step_slug)::pgflow.step_ref), array_agg(c.run_id),
    array_agg(c.step_slug || ': ' || c.message)
  into failed, run_ids, run_messages
  from changed c;

  perform pgflow._announce_steps(failed, 'failed');
  perform pgflow._end_runs(run_ids, 'failed', run_messages);
end;
$$;
