-- The version of pg_cron as numbers; without the extension it is taken for a new one.
create or replace function pgflow._pg_cron_version() returns int[]
language sql stable
set search_path to ''
as $$
  select coalesce(
    (
      select string_to_array(substring(e.extversion from '^\d+\.\d+'), '.')::int[]
      from pg_catalog.pg_extension e
      where e.extname = 'pg_cron'
    ),
    array[1, 5]
  )
$$;
