-- Definitions: the shape of each flow. Rows are written once, when a flow is compiled; only the
-- runtime options (opt_*) may change afterwards.

create table pgflow.flows (
  flow_slug text primary key
    constraint slug_is_valid check (pgflow.is_valid_slug(flow_slug)),
  opt_max_attempts int not null default 3
    constraint opt_max_attempts_is_nonnegative check (opt_max_attempts >= 0),
  opt_base_delay int not null default 5
    constraint opt_base_delay_is_nonnegative check (opt_base_delay >= 0),
  opt_timeout int not null default 60
    constraint opt_timeout_is_positive check (opt_timeout > 0),
  created_at timestamptz not null default now()
);

-- A null option is inherited from the flow; a null start delay is none.
create table pgflow.steps (
  flow_slug text not null references pgflow.flows (flow_slug),
  step_slug text not null check (pgflow.is_valid_slug(step_slug)),
  step_type text not null default 'single' check (step_type in ('single', 'map')),
  step_index int not null default 0,
  deps_count int not null default 0 check (deps_count >= 0),
  -- a single step with a map among its dependents must return an array
  feeds_map boolean not null default false,
  opt_max_attempts int
    constraint opt_max_attempts_is_nonnegative check (opt_max_attempts >= 0),
  opt_base_delay int
    constraint opt_base_delay_is_nonnegative check (opt_base_delay >= 0),
  opt_timeout int
    constraint opt_timeout_is_positive check (opt_timeout > 0),
  opt_start_delay int
    constraint opt_start_delay_is_nonnegative check (opt_start_delay >= 0),
  required_input_pattern jsonb
    constraint required_input_pattern_is_object
    check (jsonb_typeof(required_input_pattern) = 'object'),
  forbidden_input_pattern jsonb
    constraint forbidden_input_pattern_is_object
    check (jsonb_typeof(forbidden_input_pattern) = 'object'),
  when_unmet text not null default 'skip'
    constraint when_unmet_is_valid check (when_unmet in ('fail', 'skip', 'skip-cascade')),
  when_exhausted text not null default 'fail'
    constraint when_exhausted_is_valid check (when_exhausted in ('fail', 'skip', 'skip-cascade')),
  created_at timestamptz not null default now(),
  primary key (flow_slug, step_slug),
  unique (flow_slug, step_index)
);

create table pgflow.deps (
  flow_slug text not null references pgflow.flows (flow_slug),
  dep_slug text not null,
  step_slug text not null,
  created_at timestamptz not null default now(),
  primary key (flow_slug, dep_slug, step_slug),
  foreign key (flow_slug, dep_slug) references pgflow.steps (flow_slug, step_slug),
  foreign key (flow_slug, step_slug) references pgflow.steps (flow_slug, step_slug),
  check (dep_slug <> step_slug)
);

create index deps_by_step on pgflow.deps (flow_slug, step_slug);
