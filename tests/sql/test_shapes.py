"""The shape of a flow: read, compared, created, and made sure of."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.support.jsonb import Json

UNDEFINED: Json = {"defined": False}


def step_shape(slug: str, *deps: str, **changes: Json) -> dict[str, Json]:
    return {
        "slug": slug,
        "stepType": "single",
        "dependencies": list(deps),
        "whenUnmet": "skip",
        "whenExhausted": "fail",
        "requiredInputPattern": UNDEFINED,
        "forbiddenInputPattern": UNDEFINED,
        **changes,
    }


def shape(*steps: dict[str, Json]) -> dict[str, Any]:
    return {"steps": list(steps)}


def compare(engine: Engine, first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    return engine.value(
        "select pgflow._compare_flow_shapes(p_local => %(first)s, p_db => %(second)s)",
        first=Jsonb(first),
        second=Jsonb(second),
    )


def flow_shape(engine: Engine, slug: str = "flow") -> dict[str, Any]:
    return engine.value("select pgflow._get_flow_shape(p_flow_slug => %(slug)s)", slug=slug)


def create(engine: Engine, wanted: dict[str, Any]) -> None:
    engine.do("select pgflow._create_flow_from_shape('flow', %(shape)s)", shape=Jsonb(wanted))


def test_a_stored_flow_has_a_shape(engine: Engine) -> None:
    engine.flow(
        single("b", required={"ok": True}, max_attempts=9),
        single("a", when_unmet="fail", when_exhausted="skip"),
        single("c", "b", "a", forbidden={}),
        map_over("d", "c"),
    )

    assert flow_shape(engine) == shape(
        step_shape("b", requiredInputPattern={"defined": True, "value": {"ok": True}}),
        step_shape("a", whenUnmet="fail", whenExhausted="skip"),
        step_shape("c", "a", "b", forbiddenInputPattern={"defined": True, "value": {}}),
        step_shape("d", "c", stepType="map"),
    )


def test_an_unknown_flow_has_no_steps(engine: Engine) -> None:
    assert flow_shape(engine, "nowhere") == {"steps": []}


def test_equal_shapes_do_not_differ(engine: Engine) -> None:
    one = shape(step_shape("a"), step_shape("b"), step_shape("c", "a", "b"))

    assert compare(engine, one, one) == []


def test_the_order_of_dependencies_does_not_count(engine: Engine) -> None:
    first = shape(step_shape("a"), step_shape("b"), step_shape("c", "a", "b"))
    second = shape(step_shape("a"), step_shape("b"), step_shape("c", "b", "a"))

    assert compare(engine, first, second) == []


def test_options_are_not_compared(engine: Engine) -> None:
    first = {**shape(step_shape("a", options={"timeout": 9})), "options": {"maxAttempts": 1}}

    assert compare(engine, first, shape(step_shape("a"))) == []


DIFFERENCES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    (
        shape(step_shape("a")),
        shape(step_shape("a"), step_shape("b")),
        [
            "Step count differs: 1 vs 2",
            "Step at index 1: missing in first shape (second has 'b')",
        ],
    ),
    (
        shape(step_shape("a"), step_shape("b")),
        shape(),
        [
            "Step count differs: 2 vs 0",
            "Step at index 0: missing in second shape (first has 'a')",
            "Step at index 1: missing in second shape (first has 'b')",
        ],
    ),
    (
        shape(step_shape("a"), step_shape("b")),
        shape(step_shape("b"), step_shape("a")),
        [
            "Step at index 0: slug differs 'a' vs 'b'",
            "Step at index 1: slug differs 'b' vs 'a'",
        ],
    ),
    (
        shape(step_shape("a")),
        shape(step_shape("a", stepType="map")),
        ["Step at index 0: type differs 'single' vs 'map'"],
    ),
    (
        shape(step_shape("a"), step_shape("b"), step_shape("c", "a")),
        shape(step_shape("a"), step_shape("b"), step_shape("c", "a", "b")),
        ["Step at index 2: dependencies differ [a] vs [a, b]"],
    ),
    (
        shape(step_shape("a"), step_shape("b", "a")),
        shape(step_shape("a"), step_shape("b")),
        ["Step at index 1: dependencies differ [a] vs []"],
    ),
    (
        shape(step_shape("a", whenUnmet="fail")),
        shape(step_shape("a")),
        ["Step at index 0: whenUnmet differs 'fail' vs 'skip'"],
    ),
    (
        shape(step_shape("a")),
        shape(step_shape("a", whenExhausted="skip-cascade")),
        ["Step at index 0: whenExhausted differs 'fail' vs 'skip-cascade'"],
    ),
    (
        shape(step_shape("a", requiredInputPattern={"defined": True, "value": {"x": 1}})),
        shape(step_shape("a")),
        [
            """Step at index 0: requiredInputPattern differs \
'{"value": {"x": 1}, "defined": true}' vs '{"defined": false}'"""
        ],
    ),
    (
        shape(step_shape("a", forbiddenInputPattern={"defined": True, "value": {}})),
        shape(step_shape("a", forbiddenInputPattern={"defined": True, "value": {"x": 1}})),
        [
            """Step at index 0: forbiddenInputPattern differs \
'{"value": {}, "defined": true}' vs '{"value": {"x": 1}, "defined": true}'"""
        ],
    ),
]


@pytest.mark.parametrize(("first", "second", "differences"), DIFFERENCES)
def test_differences_are_named(
    engine: Engine, first: dict[str, Any], second: dict[str, Any], differences: list[str]
) -> None:
    assert compare(engine, first, second) == differences


def test_several_differences_of_one_step_are_all_named(engine: Engine) -> None:
    first = shape(step_shape("a"), step_shape("b", "a"))
    second = shape(step_shape("a"), step_shape("b", stepType="map", whenUnmet="fail"))

    assert compare(engine, first, second) == [
        "Step at index 1: type differs 'single' vs 'map'",
        "Step at index 1: dependencies differ [a] vs []",
        "Step at index 1: whenUnmet differs 'skip' vs 'fail'",
    ]


def test_a_flow_is_created_from_its_shape(engine: Engine) -> None:
    wanted = shape(
        step_shape("b", requiredInputPattern={"defined": True, "value": {"ok": True}}),
        step_shape("a", whenUnmet="fail", whenExhausted="skip-cascade"),
        step_shape("c", "a", "b", stepType="single"),
        step_shape("d", "c", stepType="map"),
    )

    create(engine, wanted)

    assert flow_shape(engine) == wanted


def test_options_of_a_shape_are_used_on_creation(engine: Engine) -> None:
    step_options: Json = {"maxAttempts": 7, "baseDelay": 2, "timeout": 90, "startDelay": 30}
    flow_options: Json = {"maxAttempts": 1, "baseDelay": 0, "timeout": 20}

    create(engine, {**shape(step_shape("a", options=step_options)), "options": flow_options})

    flow = engine.row("select * from pgflow.flows")
    step = engine.row("select * from pgflow.steps")
    assert (flow["opt_max_attempts"], flow["opt_base_delay"], flow["opt_timeout"]) == (1, 0, 20)
    assert (step["opt_max_attempts"], step["opt_base_delay"]) == (7, 2)
    assert (step["opt_timeout"], step["opt_start_delay"]) == (90, 30)
