-- The outcomes of a report, in order.
create or replace function pgflow._read_report(report jsonb) returns pgflow.outcome[]
language plpgsql immutable
set search_path to ''
as $$
begin
  return (
    select array(
      select row(
        o.run_id, o.step_slug, o.task_index, o.attempt, o.output, o.error, o.retry, o.retry_in,
        o.released, o.lost, o.n
      )::pgflow.outcome
      from rows from (
        jsonb_to_recordset(report) as (
          run_id uuid, step_slug text, task_index int, attempt int, output jsonb, error text,
          retry boolean, retry_in numeric, released boolean, lost boolean
        )
      ) with ordinality as o (
        run_id, step_slug, task_index, attempt, output, error, retry, retry_in, released, lost, n
      )
    )
  );
end;
$$;
