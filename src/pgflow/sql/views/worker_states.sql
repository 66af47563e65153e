-- The workers that live or have lived, and what is to be thought of each.
create or replace view pgflow.worker_states as
select
  w.worker_id, w.function_name, w.queue_name, w.flow_slugs, pgflow._worker_state(w) as state,
  w.started_at, w.last_heartbeat_at, w.deprecated_at, w.stopped_at
from pgflow.workers w;
