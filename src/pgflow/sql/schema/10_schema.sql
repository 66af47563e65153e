create schema if not exists pgflow;

comment on schema pgflow is 'pgflow: workflow definitions, runs and their state';

-- What is installed here: one row per migration, and one for the bundle of functions and views.
create table if not exists pgflow.migrations (
  number int primary key,
  name text not null unique,
  sha256 text not null,
  breaking boolean not null default false,
  applied_at timestamptz not null default now()
);

create table if not exists pgflow.installation (
  only_row boolean primary key default true constraint one_installation check (only_row),
  engine_version text not null,
  functions_sha256 text not null,
  pgmq_version text,
  installed_at timestamptz not null default now()
);
