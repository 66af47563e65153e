-- True for a worker that has ended, or that nobody knows any more.
create or replace function pgflow._has_stopped(worker_id uuid) returns boolean
language sql stable
set search_path to ''
as $$
  select not exists (
    select from pgflow.workers w where w.worker_id = _has_stopped.worker_id and w.stopped_at is null
  )
$$;
