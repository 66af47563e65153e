-- Helpers that table constraints and defaults call. They are part of the schema's state: a change
-- to one of them is a migration, because stored rows were judged by it.

-- True for a usable flow or step slug: 1 to 128 letters, digits and underscores that do not begin
-- with a digit or an underscore, and not the reserved word "run".
create or replace function pgflow.is_valid_slug(slug text) returns boolean
language sql immutable parallel safe
as $$
  select slug is not null
    and slug ~ '^[a-zA-Z][a-zA-Z0-9_]{0,127}$'
    and slug <> 'run'
$$;

-- A time-ordered uuid (version 7): rows of one run, and of runs started together, lie close to each
-- other on disk, which keeps throughput flat while history grows.
create or replace function pgflow.new_run_id() returns uuid
language sql volatile parallel safe
set search_path to ''
as $$
  select encode(
    set_bit(
      set_bit(
        overlay(
          uuid_send(gen_random_uuid())
          placing substring(
            int8send(floor(extract(epoch from clock_timestamp()) * 1000)::bigint) from 3
          )
          from 1 for 6
        ),
        52, 1
      ),
      53, 1
    ),
    'hex'
  )::uuid
$$;
