-- Creates the pgmq queue of a flow unless it is there. Rows of a queue are updated once and
-- deleted soon, so the table gets room on its pages and frequent vacuums.
create or replace function pgflow._create_queue(flow_slug text) returns void
language plpgsql
set search_path to ''
as $$
declare
  queue constant text := pgflow.queue_name(flow_slug);
begin
  if exists (select from pgmq.meta m where m.queue_name = queue) then
    return;
  end if;

  perform pgmq.create(queue);
  execute format(
    'alter table pgmq.%I set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)',
    'q_' || queue
  );
end;
$$;
