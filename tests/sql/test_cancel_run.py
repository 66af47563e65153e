"""Cancelling a run ends whatever is open, in one transaction."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single


@pytest.fixture
def half_done(engine: Engine) -> UUID:
    """A map of three tasks - completed, started, queued - and a step that waits for it."""
    engine.flow(map_over("each"), single("after", "each"))
    run_id = engine.start("flow", [1, 2, 3])
    claimed = engine.claim(engine.worker(), quantity=2)
    assert {task["task_index"] for task in claimed} == {0, 1}
    engine.complete(run_id, "each", "kept", index=0)
    return run_id


def test_a_cancelled_run_is_returned(engine: Engine, half_done: UUID) -> None:
    (run,) = engine.cancel(half_done)

    assert (run["status"], run["remaining_steps"], run["output"]) == ("cancelled", 2, None)
    assert run["cancelled_at"] is not None
    assert (run["completed_at"], run["failed_at"], run["error_message"]) == (None, None, None)


def test_open_steps_and_tasks_are_cancelled(engine: Engine, half_done: UUID) -> None:
    engine.cancel(half_done)

    statuses = [task["status"] for _, task in sorted(engine.tasks(half_done).items())]
    assert engine.statuses(half_done) == {"each": "cancelled", "after": "cancelled"}
    assert statuses == ["completed", "cancelled", "cancelled"]


def test_every_message_is_archived(engine: Engine, half_done: UUID) -> None:
    engine.cancel(half_done)

    ids = {task["message_id"] for task in engine.tasks(half_done).values()}
    assert engine.queue() == {}
    assert ids <= engine.archive().keys()


def test_other_runs_go_on(engine: Engine, half_done: UUID) -> None:
    other = engine.start("flow", [1])

    engine.cancel(half_done)

    assert engine.run(other)["status"] == "started"
    assert list(engine.queue()) == [engine.task(other, "each")["message_id"]]


def test_a_report_after_the_cancellation_changes_nothing(engine: Engine, half_done: UUID) -> None:
    engine.cancel(half_done)
    before = engine.tasks(half_done), engine.steps(half_done), engine.run(half_done)

    engine.complete(half_done, "each", "late", index=1)
    engine.fail(half_done, "each", "late", index=2)

    assert (engine.tasks(half_done), engine.steps(half_done), engine.run(half_done)) == before


def test_cancelling_twice_changes_nothing(engine: Engine, half_done: UUID) -> None:
    engine.cancel(half_done)
    before = engine.run(half_done)

    (run,) = engine.cancel(half_done)

    assert run == before == engine.run(half_done)


def test_an_unknown_run_cannot_be_cancelled(engine: Engine) -> None:
    unknown = uuid4()

    diagnosis = engine.error("select pgflow.cancel_run(%(id)s)", id=unknown)

    assert diagnosis.sqlstate == "PF002"
    assert str(unknown) in str(diagnosis.message_primary)
