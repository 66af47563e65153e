"""Maps: over the input, over an output, over another map, and over nothing."""

from __future__ import annotations

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec, map_over, single
from tests.support.jsonb import Json


def test_a_map_over_an_output_has_a_task_per_element(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"))
    run_id = engine.start()

    engine.finish(run_id, "list", ["x", "y"])

    step = engine.step(run_id, "each")
    assert (step["status"], step["initial_tasks"], step["remaining_tasks"]) == ("started", 2, 2)
    assert len(engine.tasks(run_id)) == 3


def test_a_map_over_a_map_has_a_task_per_task(engine: Engine) -> None:
    engine.flow(map_over("first"), map_over("second", "first"))
    run_id = engine.start("flow", ["x", "y", "z"])

    engine.finish(run_id, "first", ["any"], None, 3)

    second = engine.start_step(run_id, "second")
    assert engine.step(run_id, "second")["initial_tasks"] == 3
    assert [row["input"] for row in sorted(second, key=lambda row: row["task_index"])] == [
        ["any"],
        None,
        3,
    ]


def test_a_map_waits_for_every_task_of_the_map_before(engine: Engine) -> None:
    engine.flow(map_over("first"), map_over("second", "first"))
    run_id = engine.start("flow", ["x", "y"])
    engine.start_step(run_id, "first")

    engine.complete(run_id, "first", 1, index=0)

    step = engine.step(run_id, "second")
    assert (step["status"], step["initial_tasks"], step["remaining_deps"]) == ("created", None, 1)


def test_a_step_gets_a_maps_outputs_as_one_array(engine: Engine) -> None:
    engine.flow(map_over("each"), single("sum", "each"))
    run_id = engine.start("flow", [1, 2])
    engine.finish(run_id, "each", 10, 20)

    (record,) = engine.start_step(run_id, "sum")

    assert record["input"] == {"each": [10, 20]}


def test_an_empty_root_map_completes_with_its_run(engine: Engine) -> None:
    engine.flow(map_over("each"))

    run = engine.row("select * from pgflow.start_flow('flow', '[]')")

    step = engine.step(run["run_id"], "each")
    assert (run["status"], run["output"]) == ("completed", {"each": []})
    assert (step["status"], step["output"]) == ("completed", [])
    assert (step["initial_tasks"], step["remaining_tasks"]) == (0, 0)


def test_emptiness_runs_through_a_chain_of_maps(engine: Engine) -> None:
    engine.define(
        FlowSpec((map_over("m0"), *(map_over(f"m{i}", f"m{i - 1}") for i in range(1, 20))))
    )

    run = engine.row("select * from pgflow.start_flow('flow', '[]')")

    assert (run["status"], run["output"]) == ("completed", {"m19": []})
    assert set(engine.statuses(run["run_id"]).values()) == {"completed"}


def test_a_step_after_an_empty_map_runs(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"), single("sum", "each"))
    run_id = engine.start()

    engine.finish(run_id, "list", [])

    (record,) = engine.start_step(run_id, "sum")
    assert engine.statuses(run_id)["each"] == "completed"
    assert record["input"] == {"each": []}


def test_an_empty_map_sends_no_messages(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"), single("sum", "each"))
    run_id = engine.start()

    engine.finish(run_id, "list", [])

    assert list(engine.queue()) == [engine.task(run_id, "sum")["message_id"]]


def test_two_maps_share_a_dependency(engine: Engine) -> None:
    engine.flow(single("list"), map_over("left", "list"), map_over("right", "list"))
    run_id = engine.start()

    engine.finish(run_id, "list", [1, 2, 3])

    assert {slug: step["initial_tasks"] for slug, step in engine.steps(run_id).items()} == {
        "list": 1,
        "left": 3,
        "right": 3,
    }


def test_a_large_map_runs_to_its_end(engine: Engine) -> None:
    engine.flow(map_over("each"))
    elements: Json = list(range(2_000))
    run_id, worker_id = engine.start("flow", elements), engine.worker()

    claimed = engine.claim(worker_id, quantity=5_000)

    assert sorted(row["input"] for row in claimed) == elements
    assert all(row["input"] == row["task_index"] for row in claimed)
    assert engine.step(run_id, "each")["remaining_tasks"] == 2_000


VIOLATIONS: list[tuple[Json, str]] = [
    (None, "null"),
    ({"x": 1}, "object"),
    ("text", "string"),
    (7, "number"),
    (False, "boolean"),
]


@pytest.mark.parametrize(("output", "its_type"), VIOLATIONS)
def test_a_map_is_not_fed_with_anything_but_an_array(
    engine: Engine, output: Json, its_type: str
) -> None:
    engine.flow(single("list"), map_over("each", "list"))
    run_id = engine.start()
    engine.start_step(run_id, "list")

    (task,) = engine.complete(run_id, "list", output)

    step, run = engine.step(run_id, "list"), engine.run(run_id)
    message = (
        "[TYPE_VIOLATION] Map step each expects array input"
        f" but dependency list produced {its_type}"
    )
    assert (task["status"], task["output"]) == ("failed", output)
    assert task["error_message"] == f"[TYPE_VIOLATION] Produced {its_type} instead of array"
    assert (step["status"], step["error_message"]) == ("failed", message)
    assert (run["status"], run["error_message"]) == ("failed", f"list: {message}")


@pytest.mark.parametrize("mode", ["skip", "skip-cascade"])
def test_a_type_violation_is_fatal_whatever_the_options_say(engine: Engine, mode: str) -> None:
    engine.flow(single("list", max_attempts=5, when_exhausted=mode), map_over("each", "list"))
    run_id = engine.start()

    engine.finish(run_id, "list", "text")

    assert engine.statuses(run_id) == {"list": "failed", "each": "cancelled"}
    assert engine.run(run_id)["status"] == "failed"


def test_a_type_violation_cancels_the_rest_of_the_run(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"), single("busy"), single("idle"))
    run_id = engine.start()
    engine.start_step(run_id, "busy")

    engine.finish(run_id, "list", 1)

    assert engine.task(run_id, "busy")["status"] == "cancelled"
    assert engine.task(run_id, "idle")["status"] == "cancelled"
    assert engine.queue() == {}


def test_a_type_violation_is_judged_only_for_a_started_task(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"))
    run_id = engine.start()

    engine.complete(run_id, "list", "text")

    assert engine.statuses(run_id) == {"list": "started", "each": "created"}


def test_a_late_type_violation_changes_nothing(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"))
    run_id = engine.start()
    engine.finish(run_id, "list", [1])

    (task,) = engine.complete(run_id, "list", "text")

    assert (task["status"], task["output"]) == ("completed", [1])
    assert engine.run(run_id)["status"] == "started"


def test_a_map_may_feed_a_map_with_anything(engine: Engine) -> None:
    engine.flow(map_over("first"), map_over("second", "first"))
    run_id = engine.start("flow", [1])

    engine.finish(run_id, "first", "text")

    assert engine.statuses(run_id) == {"first": "completed", "second": "started"}
