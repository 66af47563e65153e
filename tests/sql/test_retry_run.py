"""A failed or cancelled run goes on where it stopped."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single


@pytest.fixture
def failed_map(engine: Engine) -> UUID:
    """A run whose map has a completed, a failed and a cancelled task."""
    engine.flow(map_over("each", max_attempts=2, base_delay=0), single("after", "each"))
    run_id = engine.start("flow", [1, 2, 3])
    engine.start_step(run_id, "each")
    engine.complete(run_id, "each", "kept", index=0)
    engine.fail(run_id, "each", "bad element", index=1)
    engine.start_step(run_id, "each")
    engine.fail(run_id, "each", "bad element", index=1)
    return run_id


def test_a_retried_run_is_started_again(engine: Engine, failed_map: UUID) -> None:
    (run,) = engine.retry(failed_map)

    assert (run["status"], run["error_message"], run["remaining_steps"]) == ("started", None, 2)
    assert (run["failed_at"], run["cancelled_at"], run["completed_at"]) == (None, None, None)


def test_completed_tasks_of_a_half_done_map_are_kept(engine: Engine, failed_map: UUID) -> None:
    engine.retry(failed_map)

    tasks = engine.tasks(failed_map)
    step = engine.step(failed_map, "each")
    assert [tasks["each", index]["status"] for index in range(3)] == [
        "completed",
        "queued",
        "queued",
    ]
    assert tasks["each", 0]["output"] == "kept"
    assert (step["status"], step["remaining_tasks"], step["error_message"]) == ("started", 2, None)


def test_retried_tasks_have_fresh_attempts(engine: Engine, failed_map: UUID) -> None:
    engine.retry(failed_map)

    claimed = engine.claim(engine.worker())

    assert {(task["task_index"], task["attempt"]) for task in claimed} == {(1, 1), (2, 1)}


def test_a_retried_run_completes(engine: Engine, failed_map: UUID) -> None:
    engine.retry(failed_map)
    engine.start_step(failed_map, "each")
    engine.complete(failed_map, "each", "second", index=1)
    engine.complete(failed_map, "each", "third", index=2)
    engine.finish(failed_map, "after", "end")

    run = engine.run(failed_map)
    assert engine.step(failed_map, "each")["output"] == ["kept", "second", "third"]
    assert (run["status"], run["output"]) == ("completed", {"after": "end"})


def test_a_message_waits_for_each_retried_task(engine: Engine, failed_map: UUID) -> None:
    engine.retry(failed_map)

    tasks = engine.tasks(failed_map)
    assert engine.queue().keys() == {tasks["each", index]["message_id"] for index in (1, 2)}


def test_a_cancelled_run_goes_on(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"), single("c"))
    run_id = engine.start()
    engine.finish(run_id, "a", 1)
    engine.start_step(run_id, "b")
    engine.cancel(run_id)

    engine.retry(run_id)

    assert engine.statuses(run_id) == {"a": "completed", "b": "started", "c": "started"}
    assert {task["step_slug"] for task in engine.claim(engine.worker())} == {"b", "c"}


def test_a_step_that_never_started_waits_again(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", "b"), map_over("m", "b"))
    run_id = engine.start()
    engine.finish(run_id, "a", 1)
    engine.cancel(run_id)

    engine.retry(run_id)

    steps = engine.steps(run_id)
    assert (steps["c"]["status"], steps["c"]["remaining_deps"]) == ("created", 1)
    assert (steps["m"]["status"], steps["m"]["initial_tasks"]) == ("created", None)


def test_a_skipped_step_stays_skipped(engine: Engine) -> None:
    engine.flow(
        single("a", required={"never": 1}),
        single("b", max_attempts=1, when_exhausted="skip"),
        single("c"),
    )
    run_id = engine.start()
    engine.exhaust(run_id, "b")
    engine.cancel(run_id)

    engine.retry(run_id)

    assert engine.statuses(run_id) == {"a": "skipped", "b": "skipped", "c": "started"}
    assert engine.task(run_id, "b")["status"] == "failed"


def test_a_type_violation_can_be_mended(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"))
    run_id = engine.start()
    engine.finish(run_id, "list", "text")

    engine.retry(run_id)
    engine.finish(run_id, "list", ["x"])

    assert engine.task(run_id, "list")["output"] == ["x"]
    assert engine.statuses(run_id) == {"list": "completed", "each": "started"}


def test_an_unmet_condition_is_judged_again(engine: Engine) -> None:
    engine.flow(single("a", required={"ok": True}, when_unmet="fail"), single("b"))
    run_id = engine.start()

    (run,) = engine.retry(run_id)

    assert (run["status"], run["error_message"]) == ("failed", "a: Condition not met")
    assert engine.statuses(run_id) == {"a": "failed", "b": "cancelled"}


def test_a_run_in_progress_is_left_alone(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    before = engine.run(run_id), engine.tasks(run_id)

    (run,) = engine.retry(run_id)

    assert run == before[0]
    assert (engine.run(run_id), engine.tasks(run_id)) == before


def test_a_completed_run_is_not_retried(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.finish(run_id, "a", 1)
    before = engine.run(run_id), engine.tasks(run_id)

    diagnosis = engine.error("select pgflow.retry_run(%(id)s)", id=run_id)

    assert diagnosis.sqlstate == "PF007"
    assert str(run_id) in str(diagnosis.message_primary)
    assert (engine.run(run_id), engine.tasks(run_id)) == before


def test_an_unknown_run_cannot_be_retried(engine: Engine) -> None:
    unknown = uuid4()

    diagnosis = engine.error("select pgflow.retry_run(%(id)s)", id=unknown)

    assert diagnosis.sqlstate == "PF002"
    assert str(unknown) in str(diagnosis.message_primary)
