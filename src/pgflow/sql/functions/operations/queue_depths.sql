-- What is in the queue of each flow: messages that are due, how long the oldest of them has been
-- so, and messages that are hidden, because they are being worked on or fall due later.
create or replace function pgflow.queue_depths()
returns table (flow_slug text, due bigint, oldest_due interval, hidden bigint)
language plpgsql stable
set search_path to ''
as $$
declare
  slug text;
begin
  for slug in select f.flow_slug from pgflow.flows f order by f.flow_slug loop
    continue when to_regclass(format('pgmq.%I', 'q_' || pgflow.queue_name(slug))) is null;
    return query execute format(
      $query$
        select
          $1, count(*) filter (where m.vt <= now.time), now.time - least(min(m.vt), now.time),
          count(*) filter (where m.vt > now.time)
        from (select clock_timestamp()) as now (time)
        left join pgmq.%I as m on true
        group by now.time
      $query$,
      'q_' || pgflow.queue_name(slug)
    ) using slug;
  end loop;
end;
$$;
