from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pgflow import Flow, FlowShape
from pgflow.definition.shape import StepOptions, StepShape


def ignore(*values: Any) -> Any:
    """The handler of every step here."""


def shop() -> Flow[Any]:
    flow = Flow("shop", max_attempts=4)
    b = flow.step(slug="b")(ignore)
    a = flow.step(slug="a", timeout=9, start_delay=0)(ignore)
    c = flow.step(b, a, slug="c", when={"a": {"z": 1, "k": "ü"}}, when_unmet="fail")(ignore)
    flow.map(c, slug="d", when_exhausted="skip-cascade")(ignore)
    return flow


def test_the_json_is_that_of_the_contract() -> None:
    plain = {
        "stepType": "single",
        "dependencies": [],
        "whenUnmet": "skip",
        "whenExhausted": "fail",
        "requiredInputPattern": {"defined": False},
        "forbiddenInputPattern": {"defined": False},
    }

    assert shop().shape().to_json() == {
        "steps": [
            {**plain, "slug": "b"},
            {**plain, "slug": "a", "options": {"timeout": 9, "startDelay": 0}},
            {
                **plain,
                "slug": "c",
                "dependencies": ["a", "b"],
                "whenUnmet": "fail",
                "requiredInputPattern": {"defined": True, "value": {"a": {"z": 1, "k": "ü"}}},
            },
            {
                **plain,
                "slug": "d",
                "stepType": "map",
                "dependencies": ["c"],
                "whenExhausted": "skip-cascade",
            },
        ],
        "options": {"maxAttempts": 4},
    }


def test_a_flow_without_anything_has_no_steps() -> None:
    assert Flow("empty").shape().to_json() == {"steps": []}


def test_the_shape_comes_back_from_its_json() -> None:
    shape = shop().shape()

    again = FlowShape.from_json("shop", shape.to_json())

    assert again.to_json() == shape.to_json()
    assert again.checksum == shape.checksum
    assert not again.diff(shape)


def test_json_without_options_has_none_of_them() -> None:
    data = shop().shape().to_json()
    del data["options"]

    assert FlowShape.from_json("shop", data).options.max_attempts is None


def test_a_shape_cannot_be_changed() -> None:
    shape = shop().shape()

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(shape, "slug", "other")  # noqa: B010 - a checker would refuse the statement
    assert hash(shape) == hash(shop().shape())


def test_a_pattern_that_changes_later_does_not_change_the_shape() -> None:
    pattern: dict[str, Any] = {"a": {"b": 1}}
    flow = Flow("shop")
    flow.step(slug="a", when=pattern)(ignore)

    pattern["a"]["b"] = 2

    assert flow.shape().steps[0].when == '{"a":{"b":1}}'


def test_the_checksum_is_of_the_structure_alone() -> None:
    step = StepShape("a", when='{"x":1,"y":2}')
    shape = FlowShape("shop", (step,))
    tuned = FlowShape("shop", (dataclasses.replace(step, options=StepOptions(timeout=9)),))
    reordered = FlowShape("bank", (dataclasses.replace(step, when='{"y":2,"x":1}'),))
    explicit = FlowShape("shop", (dataclasses.replace(step, when_unmet="skip"),))

    assert len(shape.checksum) == 64
    assert shape.checksum == tuned.checksum == reordered.checksum == explicit.checksum


@pytest.mark.parametrize(
    "changed",
    [
        StepShape("b"),
        StepShape("a", "map"),
        StepShape("a", dependencies=("z",)),
        StepShape("a", when="{}"),
        StepShape("a", unless="{}"),
        StepShape("a", when_unmet="fail"),
        StepShape("a", when_exhausted="skip"),
    ],
    ids=repr,
)
def test_every_part_of_the_structure_counts_in_the_checksum(changed: StepShape) -> None:
    assert FlowShape("shop", (changed,)).checksum != FlowShape("shop", (StepShape("a"),)).checksum
