from __future__ import annotations

import pytest

from pgflow import FlowShape
from pgflow.definition.shape import FlowOptions, ShapeDiff, StepOptions, StepShape


def flow(*steps: StepShape) -> FlowShape:
    return FlowShape("my_flow", steps)


FETCH = StepShape("fetch")


def test_a_changed_dependency_and_a_new_step() -> None:
    deployed = flow(FETCH, StepShape("process", dependencies=("fetch",)))
    wanted = flow(
        FETCH,
        StepShape("validate"),
        StepShape("process", dependencies=("validate", "fetch")),
    )

    assert deployed.diff(wanted).structure == (
        "Step 'process' dependencies changed: ['fetch'] -> ['fetch', 'validate']",
        "New step 'validate' added",
    )


@pytest.mark.parametrize(
    ("deployed", "wanted", "lines"),
    [
        (flow(FETCH), flow(), ["Step 'fetch' removed"]),
        (
            flow(FETCH),
            flow(StepShape("fetch", "map")),
            ["Step 'fetch' type changed: single -> map"],
        ),
        (
            flow(StepShape("a"), StepShape("b"), StepShape("c")),
            flow(StepShape("c"), StepShape("a"), StepShape("d"), StepShape("b")),
            ["New step 'd' added", "Step order changed: ['a', 'b', 'c'] -> ['c', 'a', 'b']"],
        ),
        (
            flow(FETCH),
            flow(StepShape("fetch", when='{"a":1}', when_unmet="fail")),
            [
                "Step 'fetch' when changed: none -> {\"a\":1}",
                "Step 'fetch' when_unmet changed: skip -> fail",
            ],
        ),
        (
            flow(StepShape("fetch", unless='{"a":1}')),
            flow(StepShape("fetch", unless='{"a":true}', when_exhausted="skip")),
            [
                'Step \'fetch\' unless changed: {"a":1} -> {"a":true}',
                "Step 'fetch' when_exhausted changed: fail -> skip",
            ],
        ),
    ],
)
def test_each_kind_of_structural_change_has_its_line(
    deployed: FlowShape, wanted: FlowShape, lines: list[str]
) -> None:
    assert deployed.diff(wanted) == ShapeDiff(structure=tuple(lines))


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (StepOptions(timeout=30), StepOptions(timeout=60), ["timeout 30s -> 60s"]),
        (StepOptions(), StepOptions(timeout=60), ["timeout inherited -> 60s"]),
        (StepOptions(max_attempts=2), StepOptions(), ["max_attempts 2 -> inherited"]),
        (StepOptions(), StepOptions(start_delay=5), ["start_delay 0s -> 5s"]),
        (
            StepOptions(max_attempts=1, base_delay=1),
            StepOptions(max_attempts=2, base_delay=3),
            ["max_attempts 1 -> 2", "base_delay 1s -> 3s"],
        ),
        (StepOptions(), StepOptions(start_delay=0), []),
    ],
)
def test_a_changed_option_of_a_step_is_no_structural_change(
    before: StepOptions, after: StepOptions, lines: list[str]
) -> None:
    deployed = flow(StepShape("process", options=before))
    wanted = flow(StepShape("process", options=after))

    assert deployed.diff(wanted) == ShapeDiff(
        options=tuple(f"Step 'process': {line}" for line in lines)
    )


def test_a_changed_option_of_the_flow() -> None:
    deployed = FlowShape("f", options=FlowOptions(max_attempts=3, base_delay=5, timeout=60))
    wanted = FlowShape("f", options=FlowOptions(max_attempts=5))

    assert deployed.diff(wanted).options == ("Flow: max_attempts 3 -> 5",)


def test_options_of_new_and_removed_steps_are_not_mentioned() -> None:
    deployed = flow(StepShape("old", options=StepOptions(timeout=5)))
    wanted = flow(StepShape("new", options=StepOptions(timeout=6)))

    assert deployed.diff(wanted).options == ()


def test_what_means_the_same_is_no_change() -> None:
    deployed = flow(
        StepShape("a"),
        StepShape("b"),
        StepShape("c", "single", ("b", "a"), '{"x":1,"y":2}', None, "skip", "fail"),
    )
    wanted = flow(
        StepShape("a"), StepShape("b"), StepShape("c", "single", ("a", "b"), '{"y":2,"x":1}')
    )

    assert not deployed.diff(wanted)
