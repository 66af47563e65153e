-- A payload that fits into a notification, which holds 8,000 bytes: without input and output,
-- which the listener fetches, and with the beginning of a long error message.
create or replace function pgflow._shortened(payload jsonb) returns jsonb
language sql immutable
set search_path to ''
as $$
  select payload - 'input' - 'output' || '{"truncated": true}'
    || case when payload ? 'error_message'
      then jsonb_build_object('error_message', left(payload ->> 'error_message', 1000))
      else '{}' end
$$;
