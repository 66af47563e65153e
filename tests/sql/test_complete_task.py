"""Completing tasks, steps and runs."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.support.jsonb import Json


def test_a_completed_task_keeps_its_output(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.start_step(run_id, "a")

    (task,) = engine.complete(run_id, "a", {"x": 1})

    assert (task["status"], task["output"]) == ("completed", {"x": 1})
    assert task["completed_at"] is not None
    assert task == engine.task(run_id, "a")


def test_the_last_task_completes_its_step(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start()

    engine.finish(run_id, "a", {"x": 1})

    step = engine.step(run_id, "a")
    assert (step["status"], step["output"], step["remaining_tasks"]) == ("completed", {"x": 1}, 0)
    assert step["completed_at"] is not None
    assert engine.run(run_id)["remaining_steps"] == 1


def test_a_completed_step_unlocks_its_dependents(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", "b"), single("d", "a"))
    run_id = engine.start()

    engine.finish(run_id, "a", 1)

    steps = engine.steps(run_id)
    assert (steps["c"]["status"], steps["c"]["remaining_deps"]) == ("created", 1)
    assert (steps["d"]["status"], steps["d"]["remaining_deps"]) == ("started", 0)


def test_the_last_step_completes_the_run(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"), single("c", "a"))
    run_id = engine.start()

    engine.finish(run_id, "a", 1)
    engine.finish(run_id, "b", {"deep": [1]})
    engine.finish(run_id, "c", None)

    run = engine.run(run_id)
    assert (run["status"], run["remaining_steps"]) == ("completed", 0)
    assert run["output"] == {"b": {"deep": [1]}, "c": None}
    assert run["completed_at"] is not None


def test_a_completed_task_leaves_the_queue_for_the_archive(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    message_id = engine.task(run_id, "a")["message_id"]

    engine.finish(run_id, "a", 1)

    assert engine.queue() == {}
    assert list(engine.archive()) == [message_id]


def test_a_map_collects_its_outputs_in_task_order(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id = engine.start("flow", ["x", "y", "z"])
    engine.start_step(run_id, "each")

    engine.complete(run_id, "each", "third", index=2)
    engine.complete(run_id, "each", None, index=0)
    engine.complete(run_id, "each", [2], index=1)

    assert engine.step(run_id, "each")["output"] == [None, [2], "third"]
    assert engine.run(run_id)["output"] == {"each": [None, [2], "third"]}


def test_a_map_counts_down(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id = engine.start("flow", ["x", "y", "z"])
    engine.start_step(run_id, "each")

    engine.complete(run_id, "each", 1, index=1)

    step = engine.step(run_id, "each")
    assert (step["status"], step["remaining_tasks"], step["output"]) == ("started", 2, None)


@pytest.fixture
def half_done(engine: Engine) -> UUID:
    """A run whose step `a` is completed and whose step `b` is started."""
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start()
    engine.finish(run_id, "a", "first")
    engine.start_step(run_id, "b")
    return run_id


@pytest.mark.parametrize("late", ["second", None, {}])
def test_a_repeated_completion_changes_nothing(engine: Engine, half_done: UUID, late: Json) -> None:
    before = engine.tasks(half_done), engine.steps(half_done), engine.run(half_done)

    (task,) = engine.complete(half_done, "a", late)

    assert (task["status"], task["output"]) == ("completed", "first")
    assert (engine.tasks(half_done), engine.steps(half_done), engine.run(half_done)) == before


def test_a_failure_after_completion_changes_nothing(engine: Engine, half_done: UUID) -> None:
    before = engine.tasks(half_done), engine.steps(half_done), engine.run(half_done)

    (task,) = engine.fail(half_done, "a", "too late")

    assert (task["status"], task["error_message"]) == ("completed", None)
    assert (engine.tasks(half_done), engine.steps(half_done), engine.run(half_done)) == before


def test_a_late_report_archives_the_message(engine: Engine, half_done: UUID) -> None:
    engine.cancel(half_done)

    (task,) = engine.complete(half_done, "b", "late")

    assert (task["status"], task["output"]) == ("cancelled", None)
    assert task["message_id"] in engine.archive()
    assert engine.queue() == {}


def test_a_queued_task_cannot_be_completed(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    (task,) = engine.complete(run_id, "a", 1)

    assert (task["status"], task["output"]) == ("queued", None)
    assert task["message_id"] in engine.queue()


def test_a_queued_task_cannot_be_failed(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    (task,) = engine.fail(run_id, "a")

    assert (task["status"], task["error_message"]) == ("queued", None)
    assert task["message_id"] in engine.queue()


def test_a_run_without_completed_leaves_has_no_output(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a", required={"a": {"ok": True}}))
    run_id = engine.start()

    engine.finish(run_id, "a", {"ok": False})

    run = engine.run(run_id)
    assert (run["status"], run["output"]) == ("completed", None)


def test_big_outputs_are_kept_whole(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start()
    output: Json = {"text": "x" * 1_000_000}

    engine.finish(run_id, "a", output)

    (record,) = engine.start_step(run_id, "b")
    assert record["input"] == {"a": output}
