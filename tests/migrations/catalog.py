"""What an engine consists of, as the server's catalog tells it: equal engines give equal text."""

from __future__ import annotations

import psycopg

# Comments and the order of columns are left out: neither changes what an engine does.
CATALOG = """
select 'column', format('%s.%s', c.relname, a.attname),
  format('%s not null: %s default: %s generated: %s', format_type(a.atttypid, a.atttypmod),
    a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attgenerated)
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relnamespace = 'pgflow'::regnamespace
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'v', 'c')
union all
select 'table', c.relname, format('%s %s %s', c.relkind, c.relpersistence, c.reloptions)
from pg_class c where c.relnamespace = 'pgflow'::regnamespace and c.relkind in ('r', 'v')
union all
select 'view', c.relname, pg_get_viewdef(c.oid)
from pg_class c where c.relnamespace = 'pgflow'::regnamespace and c.relkind = 'v'
union all
select 'constraint', format('%s on %s', conname, conrelid::regclass), pg_get_constraintdef(oid)
from pg_constraint where connamespace = 'pgflow'::regnamespace
union all
select 'index', indexname, indexdef from pg_indexes where schemaname = 'pgflow'
union all
select 'function', oid::regprocedure::text,
  pg_get_functiondef(oid) || coalesce((select string_agg(g::text, ',' order by g::text)
    from unnest(proacl) as g), 'everybody')
from pg_proc where pronamespace = 'pgflow'::regnamespace
union all
select 'type', typname, typtype::text from pg_type where typnamespace = 'pgflow'::regnamespace
order by 1, 2, 3
"""


def describe(url: str) -> list[str]:
    """Every object of schema pgflow, a line each."""
    with psycopg.connect(url) as connection:
        return [": ".join(map(str, row)) for row in connection.execute(CATALOG)]
