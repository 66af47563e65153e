-- Whether an idle worker may go to sleep: settled when no transaction is in flight that sends
-- work of these flows and may have looked before begin_idle. due_in: seconds to the next message,
-- null when there is none.
create or replace function pgflow.idle_status(
  flow_slugs text[], out settled boolean, out due_in double precision
)
language plpgsql
set search_path to ''
as $$
declare
  slug text;
  due double precision;
begin
  settled := true;
  foreach slug in array flow_slugs loop
    if pg_try_advisory_lock(pgflow._sending_key(), hashtext(slug)) then
      perform pg_advisory_unlock(pgflow._sending_key(), hashtext(slug));
    else
      settled := false;
    end if;

    continue when to_regclass(format('pgmq.%I', 'q_' || pgflow.queue_name(slug))) is null;
    execute format(
      'select extract(epoch from min(m.vt) - clock_timestamp()) from pgmq.%I as m',
      'q_' || pgflow.queue_name(slug)
    ) into due;
    due_in := least(due_in, case when due is not null then greatest(due, 0) end);
  end loop;
end;
$$;
