"""The model's idea of `@>` is PostgreSQL's."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.support.engine import Engine
from tests.support.jsonb import Json, contains, json_type

scalars = st.sampled_from([None, True, False, 0, 1, "", "a", "1"])
values: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b"]), children, max_size=2)
    ),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(["a", "b"]), values, max_size=2)

many = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@many
@given(whole=values, part=objects)
def test_containment_is_postgresqls(engine: Engine, whole: Json, part: dict[str, Json]) -> None:
    answer = engine.value(
        "select %(whole)s::jsonb @> %(part)s::jsonb", whole=Jsonb(whole), part=Jsonb(part)
    )

    assert contains(whole, part) is answer


@many
@given(value=values)
def test_types_are_postgresqls(engine: Engine, value: Json) -> None:
    assert json_type(value) == engine.value(
        "select jsonb_typeof(%(value)s::jsonb)", value=Jsonb(value)
    )
