-- Why a task of a flow that is due has not been claimed: `waiting_for_slot`, the workers that
-- serve the flow are busy; `workers_draining` or `workers_silent`, they claim nothing;
-- `function_disabled`, nobody serves it because its worker function is switched off; `no_worker`,
-- nobody serves it.
create or replace function pgflow._serving_situation(flow_slug text) returns text
language sql stable
set search_path to ''
as $$
  with serving as (
    select w.function_name, pgflow._worker_state(w) as state
    from pgflow.workers w
    where _serving_situation.flow_slug = any (w.flow_slugs)
      or w.queue_name in (_serving_situation.flow_slug, pgflow.queue_name(_serving_situation.flow_slug))
  )
  select case
    when bool_or(s.state = 'alive') then 'waiting_for_slot'
    when bool_or(s.state = 'draining') then 'workers_draining'
    when bool_or(s.state = 'silent') then 'workers_silent'
    when bool_or(not f.enabled) then 'function_disabled'
    else 'no_worker'
  end
  from serving s
  left join pgflow.worker_functions f on f.function_name = s.function_name
$$;
