-- The least that a queue can be: a table whose rows are hidden while somebody works on them.
create table lean.queue (
  msg_id bigint generated always as identity primary key,
  vt timestamptz not null default now(),
  run_id uuid not null,
  step text not null
) with (fillfactor = 70);

create index queue_by_time on lean.queue (vt);

create function lean.send(run_ids uuid[], steps text[]) returns bigint[]
language plpgsql
as $$
declare
  ids bigint[];
begin
  with sent as (
    insert into lean.queue (run_id, step)
    select * from unnest(run_ids, steps)
    returning msg_id
  )
  select array_agg(s.msg_id) into ids from sent s;
  return ids;
end;
$$;

create function lean.read(quantity int)
returns table (msg_id bigint, run_id uuid, step text)
language plpgsql
as $$
begin
  return query
  update lean.queue q set vt = clock_timestamp() + interval '1 minute'
  where q.ctid = any (array(
    select x.ctid from lean.queue x where x.vt <= now() order by x.vt limit quantity
    for update skip locked
  ))
  returning q.msg_id, q.run_id, q.step;
end;
$$;

create function lean.done(ids bigint[]) returns void
language plpgsql
as $$
begin
  delete from lean.queue q where q.msg_id = any (ids);
end;
$$;
