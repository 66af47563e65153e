-- The uuid that a text is, null for any other text. Without a setting of its own, so that it is
-- inlined; a regular expression would cost more than the search for the task.
create or replace function pgflow._uuid_in(value text) returns uuid
language sql immutable parallel safe
as $$
  select case
    when translate(value, '0123456789abcdef', '................')
      = '........-....-....-....-............'
    then value::uuid
  end
$$;
