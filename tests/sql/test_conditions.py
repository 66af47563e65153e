"""Conditions: when they are met, when they are judged, and what an unmet one does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec, map_over, single
from tests.support.jsonb import Json

# (required, forbidden, input, is the step run?)
VERDICTS: list[tuple[dict[str, Any] | None, dict[str, Any] | None, Json, bool]] = [
    ({"ok": True}, None, {"ok": True, "more": 1}, True),
    ({"ok": True}, None, {"ok": 1}, False),
    ({"ok": True}, None, {}, False),
    ({}, None, {}, True),
    ({"deep": {"x": 1}}, None, {"deep": {"x": 1, "y": 2}}, True),
    ({"tags": ["b"]}, None, {"tags": ["a", "b"]}, True),
    ({"tags": ["c"]}, None, {"tags": ["a", "b"]}, False),
    (None, {"ok": True}, {"ok": False}, True),
    (None, {"ok": True}, {"ok": True}, False),
    (None, {}, {}, False),
    ({"a": 1}, {"b": 2}, {"a": 1}, True),
    ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, False),
    ({"a": 1}, {"b": 2}, {"b": 3}, False),
]


@pytest.mark.parametrize(("required", "forbidden", "run_input", "met"), VERDICTS)
def test_a_root_is_judged_by_the_flows_input(
    engine: Engine,
    required: dict[str, Any] | None,
    forbidden: dict[str, Any] | None,
    run_input: Json,
    met: bool,
) -> None:
    engine.flow(single("a", required=required, forbidden=forbidden))

    run_id = engine.start("flow", run_input)

    assert engine.statuses(run_id) == {"a": "started" if met else "skipped"}


@pytest.mark.parametrize(("output", "met"), [({"ok": True}, True), ({"ok": False}, False)])
def test_another_step_is_judged_by_its_dependencies_outputs(
    engine: Engine, output: Json, met: bool
) -> None:
    engine.flow(single("a"), single("b", "a", required={"a": {"ok": True}}))
    run_id = engine.start("flow", {"a": {"ok": True}})

    engine.finish(run_id, "a", output)

    assert engine.statuses(run_id)["b"] == ("started" if met else "skipped")


def test_a_skipped_dependency_is_not_in_what_is_judged(engine: Engine) -> None:
    engine.flow(
        single("a", required={"never": 1}),
        single("without", "a", forbidden={"a": None}),
        single("with", "a", required={"a": None}),
    )

    run_id = engine.start()

    assert engine.statuses(run_id) == {"a": "skipped", "without": "started", "with": "skipped"}


def test_a_root_map_is_judged_by_the_whole_array(engine: Engine) -> None:
    engine.flow(map_over("wanted", required={"x": 1}), map_over("spared", forbidden={"x": 1}))

    run_id = engine.start("flow", [{"x": 1}])

    assert engine.statuses(run_id) == {"wanted": "skipped", "spared": "started"}


def test_an_unmet_condition_skips(engine: Engine) -> None:
    engine.flow(single("a", required={"ok": True}), single("b", "a"))

    run_id = engine.start()

    step = engine.step(run_id, "a")
    assert (step["status"], step["skip_reason"]) == ("skipped", "condition_unmet")
    assert (step["skipped_at"] is not None, step["error_message"]) == (True, None)
    assert (step["remaining_tasks"], engine.tasks(run_id).keys()) == (None, {("b", 0)})
    assert engine.run(run_id)["remaining_steps"] == 1


def test_an_unmet_condition_fails_the_run(engine: Engine) -> None:
    engine.flow(
        single("a", required={"ok": True}, when_unmet="fail"), single("b"), single("c", "a")
    )

    run = engine.row("select * from pgflow.start_flow('flow', '{}')")

    step = engine.step(run["run_id"], "a")
    assert (step["status"], step["error_message"]) == ("failed", "Condition not met")
    assert (run["status"], run["error_message"]) == ("failed", "a: Condition not met")
    assert engine.statuses(run["run_id"]) == {"a": "failed", "b": "cancelled", "c": "cancelled"}
    assert engine.queue() == {}


def test_an_unmet_condition_cascades(engine: Engine) -> None:
    engine.flow(
        single("a", required={"ok": True}, when_unmet="skip-cascade"),
        single("b", "a"),
        single("other"),
        single("c", "b", "other"),
    )

    run_id = engine.start()

    assert {slug: step["skip_reason"] for slug, step in engine.steps(run_id).items()} == {
        "a": "condition_unmet",
        "b": "dependency_skipped",
        "other": None,
        "c": "dependency_skipped",
    }
    assert engine.run(run_id)["remaining_steps"] == 1


def test_a_run_of_which_everything_is_skipped_completes(engine: Engine) -> None:
    engine.flow(single("a", required={"ok": True}, when_unmet="skip-cascade"), single("b", "a"))

    run = engine.row("select * from pgflow.start_flow('flow', '{}')")

    assert (run["status"], run["output"], run["remaining_steps"]) == ("completed", None, 0)


def test_a_cascade_has_no_longest_length(engine: Engine) -> None:
    first = single("s0", required={"ok": True}, when_unmet="skip-cascade")
    chain = (single(f"s{i}", f"s{i - 1}") for i in range(1, 120))
    engine.define(FlowSpec((first, *chain)))

    run = engine.row("select * from pgflow.start_flow('flow', '{}')")

    assert set(engine.statuses(run["run_id"]).values()) == {"skipped"}
    assert run["status"] == "completed"


def test_skips_follow_from_skips(engine: Engine) -> None:
    first = single("s0", required={"ok": True})
    chain = (single(f"s{i}", f"s{i - 1}", required={f"s{i - 1}": 1}) for i in range(1, 60))
    engine.define(FlowSpec((first, *chain)))

    run_id = engine.start()

    steps = engine.steps(run_id).values()
    assert {step["skip_reason"] for step in steps} == {"condition_unmet"}
    assert engine.run(run_id)["status"] == "completed"


def test_conditions_and_empty_maps_alternate(engine: Engine) -> None:
    engine.flow(
        single("a", required={"ok": True}),
        map_over("m", "a"),
        single("b", "m", forbidden={"m": []}),
        map_over("n", "b"),
        single("c", "n", required={"n": []}),
    )

    run_id = engine.start()

    assert engine.statuses(run_id) == {
        "a": "skipped",
        "m": "completed",
        "b": "skipped",
        "n": "completed",
        "c": "started",
    }


def test_an_empty_map_is_judged_before_it_completes(engine: Engine) -> None:
    engine.flow(map_over("m", required={"x": 1}), map_over("n", "m"))

    run_id = engine.start("flow", [])

    assert engine.statuses(run_id) == {"m": "skipped", "n": "completed"}


def test_a_step_is_judged_when_a_failure_makes_it_ready(engine: Engine) -> None:
    engine.flow(
        single("a", max_attempts=1, when_exhausted="skip"),
        single("b", "a", required={"a": 1}, when_unmet="fail"),
    )
    run_id = engine.start()

    engine.exhaust(run_id, "a")

    assert engine.statuses(run_id) == {"a": "skipped", "b": "failed"}
    assert engine.run(run_id)["error_message"] == "b: Condition not met"


def test_a_dependent_map_is_judged_by_its_dependencys_output(engine: Engine) -> None:
    engine.flow(
        single("list"),
        map_over("many", "list", required={"list": [3]}),
        map_over("none", "list", forbidden={"list": [3]}),
    )
    run_id = engine.start()

    engine.finish(run_id, "list", [1, 3])

    assert engine.statuses(run_id) == {"list": "completed", "many": "started", "none": "skipped"}


def test_a_step_is_not_judged_before_it_is_ready(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", "b", required={"a": 2}))
    run_id = engine.start()

    engine.finish(run_id, "a", 1)

    assert engine.statuses(run_id)["c"] == "created"
