-- Claims up to `quantity` tasks of the flows, served in the given order: each gets an even share,
-- and what is left over goes to those that had more. Fewer rows than asked for mean that the
-- queues are empty.
create or replace function pgflow._claim(worker_id uuid, flow_slugs text[], quantity int)
returns setof pgflow.step_task_record
language plpgsql
set search_path to ''
as $$
declare
  asked text[] := flow_slugs;
  with_more text[];
  remaining int := quantity;
  share int;
  due record;
  claimed int;
begin
  while remaining > 0 and cardinality(asked) > 0 loop
    with_more := '{}';
    for i in 1 .. cardinality(asked) loop
      share := ceil(remaining::numeric / (cardinality(asked) - i + 1));
      exit when share = 0;
      due := pgflow._read_due_messages(asked[i], share);
      continue when due.msg_ids is null;

      return query
      select * from pgflow._start_tasks(worker_id, asked[i], due.msg_ids, due.messages);
      get diagnostics claimed = row_count;
      remaining := remaining - claimed;
      if claimed = share then
        with_more := with_more || asked[i];
      end if;
    end loop;
    asked := with_more;
  end loop;
end;
$$;
