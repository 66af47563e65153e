-- The same queue made of pgmq: batches sent, read and archived.
select pgmq.create('lean');
alter table pgmq.q_lean set (fillfactor = 70);

create function lean.send(run_ids uuid[], steps text[]) returns bigint[]
language plpgsql
as $$
begin
  return array(
    select pgmq.send_batch('lean', array(
      select jsonb_build_object('run_id', t.run_id, 'step', t.step)
      from unnest(run_ids, steps) as t (run_id, step)
    ))
  );
end;
$$;

create function lean.read(quantity int)
returns table (msg_id bigint, run_id uuid, step text)
language plpgsql
as $$
begin
  return query
  update pgmq.q_lean q set vt = clock_timestamp() + interval '1 minute', read_ct = q.read_ct + 1
  where q.ctid = any (array(
    select x.ctid from pgmq.q_lean x where x.vt <= now() order by x.vt limit quantity
    for update skip locked
  ))
  returning q.msg_id, (q.message ->> 'run_id')::uuid, q.message ->> 'step';
end;
$$;

create function lean.done(ids bigint[]) returns void
language plpgsql
as $$
begin
  perform pgmq.archive('lean', ids);
end;
$$;
