-- The differences between the steps that two shapes have at one index.
create or replace function pgflow._compare_step_shapes(
  step_index int, first_step jsonb, second_step jsonb
) returns text[]
language plpgsql stable
set search_path to ''
as $$
declare
  place constant text := format('Step at index %s: ', step_index);
begin
  if first_step is null then
    return array[
      format('%smissing in first shape (second has ''%s'')', place, second_step ->> 'slug')
    ];
  elsif second_step is null then
    return array[
      format('%smissing in second shape (first has ''%s'')', place, first_step ->> 'slug')
    ];
  end if;

  return array(
    select format('%s%s %s vs %s', place, d.what, d.first_value, d.second_value)
    from (values
      (1, 'slug differs', pgflow._quoted(first_step, 'slug'), pgflow._quoted(second_step, 'slug')),
      (2, 'type differs', pgflow._quoted(first_step, 'stepType'),
        pgflow._quoted(second_step, 'stepType')),
      (3, 'dependencies differ', pgflow._bracketed(first_step -> 'dependencies'),
        pgflow._bracketed(second_step -> 'dependencies')),
      (4, 'whenUnmet differs', pgflow._quoted(first_step, 'whenUnmet'),
        pgflow._quoted(second_step, 'whenUnmet')),
      (5, 'whenExhausted differs', pgflow._quoted(first_step, 'whenExhausted'),
        pgflow._quoted(second_step, 'whenExhausted')),
      (6, 'requiredInputPattern differs', pgflow._quoted(first_step, 'requiredInputPattern'),
        pgflow._quoted(second_step, 'requiredInputPattern')),
      (7, 'forbiddenInputPattern differs', pgflow._quoted(first_step, 'forbiddenInputPattern'),
        pgflow._quoted(second_step, 'forbiddenInputPattern'))
    ) as d (n, what, first_value, second_value)
    where d.first_value is distinct from d.second_value
    order by d.n
  );
end;
$$;
