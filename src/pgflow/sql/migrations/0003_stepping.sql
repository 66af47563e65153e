-- Runs that are stepped through: a paused run starts no step by itself.
alter table pgflow.runs add column paused_at timestamptz;

-- What people have done to a run, for whoever wonders later.
create table pgflow.run_actions (
  run_id uuid not null references pgflow.runs (run_id),
  acted_at timestamptz not null default clock_timestamp(),
  action text not null
    constraint action_is_valid check (
      action in ('cancel', 'retry', 'pause', 'resume', 'release', 'edit', 'rerun')
    ),
  step_slug text,
  detail jsonb,
  acted_by text not null default session_user
);

create index run_actions_by_run on pgflow.run_actions (run_id, acted_at);

-- Functions whose parameters have changed.
drop function pgflow._advance(pgflow.step_ref[], pgflow.step_ref[], uuid[], int);
drop function pgflow._start_runs(text, uuid[], jsonb[], int, boolean);
