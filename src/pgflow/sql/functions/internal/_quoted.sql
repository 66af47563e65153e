-- A field of a step's shape in quotes. A field left out means its default.
create or replace function pgflow._quoted(step jsonb, field text) returns text
language sql immutable parallel safe
as $$
  select '''' || coalesce(
    step ->> field,
    case field
      when 'stepType' then 'single'
      when 'whenUnmet' then 'skip'
      when 'whenExhausted' then 'fail'
      when 'requiredInputPattern' then '{"defined": false}'
      when 'forbiddenInputPattern' then '{"defined": false}'
    end,
    ''
  ) || ''''
$$;
