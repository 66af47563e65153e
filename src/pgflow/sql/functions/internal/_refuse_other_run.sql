-- Raises PF003 when a run that exists already belongs to another flow or has another input.
create or replace function pgflow._refuse_other_run(flow_slug text, ids uuid[], inputs jsonb[])
returns void
language plpgsql
set search_path to ''
as $$
declare
  other pgflow.runs;
begin
  select r.* into other
  from unnest(ids, inputs) as given (id, input)
  join pgflow.runs r on r.run_id = given.id
  where r.flow_slug <> _refuse_other_run.flow_slug or r.input <> given.input
  limit 1;

  if found then
    raise exception 'run % exists already with another %', other.run_id,
      case
        when other.flow_slug = flow_slug then 'input' else 'flow, "' || other.flow_slug || '"'
      end
      using errcode = 'PF003', hint = 'A run_id is an idempotency key: use a new one.';
  end if;
end;
$$;
