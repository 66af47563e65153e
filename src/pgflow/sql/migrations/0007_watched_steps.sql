-- Whoever waits for the end of a run does not want to hear of its steps.
alter table pgflow.run_watches add column with_steps boolean not null default true;

-- Functions whose parameters have changed.
drop function if exists pgflow._has_audience();
drop function if exists pgflow._watched(uuid[]);
drop function if exists pgflow.watch_run(uuid, uuid);
