from __future__ import annotations

import dataclasses
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pgflow.definition.compile import compile_flow
from pgflow.definition.shape import FlowOptions, FlowShape, Otherwise, StepOptions, StepShape

texts = st.text("aé'\"\\\n", max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
patterns = st.none() | st.dictionaries(texts, json_values, max_size=3).map(
    lambda pattern: json.dumps(pattern, ensure_ascii=False, separators=(",", ":"))
)
otherwise: st.SearchStrategy[Otherwise | None] = st.sampled_from(
    [None, "fail", "skip", "skip-cascade"]
)
numbers = st.none() | st.integers(min_value=3, max_value=99)


@st.composite
def shapes(draw: st.DrawFn) -> FlowShape:
    slugs = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=5))
    steps = [
        StepShape(
            slug,
            draw(st.sampled_from(["single", "map"])),
            tuple(draw(st.lists(st.sampled_from(slugs[:index]), unique=True))) if index else (),
            draw(patterns),
            draw(patterns),
            draw(otherwise),
            draw(otherwise),
            StepOptions(timeout=draw(numbers), start_delay=draw(numbers)),
        )
        for index, slug in enumerate(slugs)
    ]
    return FlowShape("f", tuple(steps), FlowOptions(max_attempts=draw(numbers)))


def structure(shape: FlowShape) -> Any:
    return [step.structure() for step in shape.steps]


def exact(value: Any) -> str:
    """JSON tells 1 from true, which Python takes for equal."""
    return json.dumps(value, sort_keys=True)


@given(shapes())
def test_a_shape_survives_its_json(shape: FlowShape) -> None:
    again = FlowShape.from_json("f", json.loads(json.dumps(shape.to_json())))

    assert again.to_json() == shape.to_json()
    assert not again.diff(shape)
    assert not shape.diff(again)


@given(shapes(), shapes())
def test_no_difference_means_the_same_structure_and_the_same_checksum(
    one: FlowShape, other: FlowShape
) -> None:
    is_same = exact(structure(one)) == exact(structure(other))

    assert (not one.diff(other).structure) is is_same
    assert (one.checksum == other.checksum) is is_same


@given(shapes(), shapes())
def test_a_difference_is_one_in_both_directions(one: FlowShape, other: FlowShape) -> None:
    there, back = one.diff(other), other.diff(one)

    assert len(there.structure) == len(back.structure)
    assert len(there.options) == len(back.options)


@given(shapes())
def test_the_order_of_dependencies_does_not_count(shape: FlowShape) -> None:
    shuffled = tuple(
        dataclasses.replace(step, dependencies=tuple(reversed(step.dependencies)))
        for step in shape.steps
    )

    assert not shape.diff(dataclasses.replace(shape, steps=shuffled))


@given(shapes())
def test_every_statement_is_one_line_with_its_quotes_closed(shape: FlowShape) -> None:
    statements = compile_flow(shape)

    assert len(statements) == 1 + len(shape.steps)
    for statement in statements:
        assert statement.startswith("SELECT pgflow.")
        assert statement.endswith(");")
        assert "\n" not in statement
        assert statement.count("'") % 2 == 0
