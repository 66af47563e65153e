-- Makes room for another definition of a flow: drops it with all its data, unless it is defined
-- just so already, options included. Raises PF007 while it has unfinished runs. Locks the flow
-- first: a run that somebody starts meanwhile is either counted or finds no flow.
create or replace function pgflow.drop_replaced_flow(flow_slug text, shape jsonb) returns void
language plpgsql
set search_path to ''
as $$
declare
  unfinished bigint;
begin
  perform pg_advisory_xact_lock(1, hashtext(drop_replaced_flow.flow_slug));
  perform from pgflow.flows f where f.flow_slug = drop_replaced_flow.flow_slug for update;

  if pgflow._get_flow_definition(drop_replaced_flow.flow_slug)
    = shape || jsonb_build_object('options', pgflow._complete_options(shape))
  then
    return;
  end if;

  select count(*) into unfinished from pgflow.runs r
  where r.flow_slug = drop_replaced_flow.flow_slug and r.status = 'started';
  if unfinished > 0 then
    raise exception 'flow "%" cannot be replaced: % of its runs are unfinished',
      drop_replaced_flow.flow_slug, unfinished
      using errcode = 'PF007', hint = 'Wait until they end, or cancel them with: pgflow.cancel_run';
  end if;

  perform pgflow.delete_flow_and_data(drop_replaced_flow.flow_slug);
end;
$$;
