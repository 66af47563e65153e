-- The trace of a run, and which of its spans somebody has exported.
create table pgflow.run_traces (
  run_id uuid primary key,
  carrier jsonb not null,
  exported text[] not null default '{}',
  is_open boolean not null default true
);

create index run_traces_open on pgflow.run_traces (run_id) where is_open;
