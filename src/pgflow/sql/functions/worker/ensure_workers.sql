-- Invokes the worker functions that ought to run and do not: enabled ones without a live worker that
-- were not invoked within their debounce. On a local Supabase each is invoked at every call, because
-- its functions sleep otherwise. Without credentials nothing is called. Returns a row per invocation.
create or replace function pgflow.ensure_workers()
returns table (function_name text, invoked boolean, request_id bigint)
language plpgsql
set search_path to ''
as $$
declare
  target constant record := pgflow._functions_target();
  due text;
begin
  if target.base_url is null then
    return;
  end if;

  for due in
    update pgflow.worker_functions f
    set last_invoked_at = clock_timestamp(), updated_at = clock_timestamp()
    where f.enabled and (
      pgflow.is_local()
      or coalesce(f.last_invoked_at, '-infinity') < clock_timestamp() - f.debounce
        and not exists (
          select from pgflow.workers w
          where w.function_name = f.function_name and w.stopped_at is null
            and w.deprecated_at is null
            and w.last_heartbeat_at > clock_timestamp() - f.debounce
        )
    )
    returning f.function_name
  loop
    function_name := due;
    invoked := true;
    request_id := pgflow._post(target.base_url || '/' || due, target.headers);
    return next;
  end loop;
end;
$$;
