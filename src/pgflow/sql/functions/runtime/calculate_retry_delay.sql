-- Seconds before the next attempt: base x 2^(attempts - 1), at most one hour. Attempts count from
-- 1.
create or replace function pgflow.calculate_retry_delay(base_delay numeric, attempts_count int)
returns int
language sql immutable parallel safe
as $$
  select floor(least(
    3600, base_delay * power(2::numeric, least(greatest(attempts_count, 1) - 1, 40))
  ))::int
$$;
