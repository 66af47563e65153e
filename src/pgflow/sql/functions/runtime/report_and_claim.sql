-- The worker's one call: reports everything that has ended and claims up to `quantity` tasks, in
-- one transaction. Returns the claimed tasks, and refused outcomes as records without a message.
-- Others are woken for flows of which something may be left: this claim came back full, or did not
-- ask for them.
create or replace function pgflow.report_and_claim(
  worker_id uuid, outcomes jsonb, flow_slugs text[], quantity int
) returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  answer record;
  touched text[];
  claimed int;
begin
  if jsonb_array_length(outcomes) > 0 then
    answer := pgflow._report(worker_id, outcomes);
    touched := answer.flow_slugs;
    if answer.refused is not null then
      return query select * from pgflow._refusals(answer.refused);
    end if;
  end if;

  return query select * from pgflow._claim(worker_id, flow_slugs, quantity);
  get diagnostics claimed = row_count;

  if claimed >= quantity then
    perform pgflow._wake_workers(touched);
  elsif not touched <@ flow_slugs then
    perform pgflow._wake_workers(array(select unnest(touched) except select unnest(flow_slugs)));
  end if;
end;
$$;
