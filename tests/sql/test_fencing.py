"""An outcome counts only while that attempt of that worker holds the task."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.support.engine import Engine, about
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import Completed, completed, lost


def test_a_refused_outcome_comes_back_without_a_message(engine: Engine) -> None:
    engine.flow(single("a"), single("b"))
    run_id, worker_id = engine.start(), engine.worker()
    (task,) = (task for task in engine.claim(worker_id) if task["step_slug"] == "a")
    engine.cancel(run_id)

    (refusal,) = engine.report(worker_id, completed(task, 1))

    assert refusal["msg_id"] is None
    assert (refusal["flow_slug"], refusal["run_id"]) == ("flow", run_id)
    assert (refusal["step_slug"], refusal["task_index"], refusal["attempt"]) == ("a", 0, 1)


def test_another_worker_is_refused(engine: Engine, task: dict[str, Any]) -> None:
    refused = engine.report(engine.worker(), completed(task, 1))

    assert len(refused) == 1
    assert engine.task(task["run_id"], "a")["status"] == "started"


@pytest.mark.parametrize("attempt", [0, 2, 99])
def test_another_attempt_is_refused(engine: Engine, task: dict[str, Any], attempt: int) -> None:
    refused = engine.report(task["worker_id"], completed({**task, "attempt": attempt}, 1))

    assert len(refused) == 1
    assert engine.task(task["run_id"], "a")["status"] == "started"


def test_a_task_that_was_taken_over_is_lost(engine: Engine, task: dict[str, Any]) -> None:
    engine.advance(63)
    rival = engine.worker()
    (again,) = engine.claim(rival)

    late = engine.report(task["worker_id"], completed(task, "late"))
    won = engine.report(rival, completed(again, "won"))

    assert (len(late), won) == (1, [])
    assert engine.task(task["run_id"], "a")["output"] == "won"


def test_the_same_worker_cannot_report_its_earlier_attempt(
    engine: Engine, task: dict[str, Any]
) -> None:
    engine.advance(63)
    (again,) = engine.claim(task["worker_id"])

    refused = engine.report(task["worker_id"], completed(task, "late"))

    assert (again["attempt"], len(refused)) == (2, 1)
    assert engine.task(task["run_id"], "a")["status"] == "started"


def test_an_expired_lease_that_nobody_took_still_counts(
    engine: Engine, task: dict[str, Any]
) -> None:
    engine.advance(63)

    refused = engine.report(task["worker_id"], completed(task, "slow"))

    assert refused == []
    assert engine.run(task["run_id"])["output"] == {"a": "slow"}


def test_an_outcome_reported_twice_counts_once(engine: Engine, task: dict[str, Any]) -> None:
    engine.report(task["worker_id"], completed(task, "first"))

    refused = engine.report(task["worker_id"], completed(task, "second"))

    assert len(refused) == 1
    assert engine.run(task["run_id"])["output"] == {"a": "first"}


def test_an_outcome_of_an_unknown_run_is_refused(engine: Engine, task: dict[str, Any]) -> None:
    refused = engine.report(
        task["worker_id"], Completed(run_id=uuid4(), step_slug="a", attempt=1, output=1)
    )

    assert len(refused) == 1


def test_a_refused_outcome_does_not_harm_the_others(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id, worker_id = engine.start("flow", [1, 2]), engine.worker()
    first, second = engine.claim(worker_id)

    refused = engine.report(worker_id, completed({**first, "attempt": 9}, 1), completed(second, 2))

    assert len(refused) == 1
    assert engine.task(run_id, "each", second["task_index"])["status"] == "completed"
    assert engine.task(run_id, "each", first["task_index"])["status"] == "started"


def test_an_outcome_said_twice_in_one_report_counts_once(
    engine: Engine, task: dict[str, Any]
) -> None:
    refused = engine.report(task["worker_id"], completed(task, "first"), completed(task, "second"))

    assert len(refused) == 1
    assert engine.run(task["run_id"])["output"] == {"a": "first"}


def test_a_lost_attempt_is_an_attempt(engine: Engine, task: dict[str, Any]) -> None:
    engine.advance(63)

    refused = engine.report(engine.worker(), lost({**task, "attempt": 2}))

    row = engine.task(task["run_id"], "a")
    assert refused == []
    assert (row["status"], row["attempts_count"]) == ("queued", 1)
    assert row["error_message"] == (
        "attempt 1 was lost: its worker died or held it beyond its time"
    )
    assert engine.delay(task["run_id"], "a") == about(0)


def test_an_attempt_with_a_lease_is_not_lost(engine: Engine, task: dict[str, Any]) -> None:
    refused = engine.report(engine.worker(), lost({**task, "attempt": 2}))

    assert len(refused) == 1
    assert engine.task(task["run_id"], "a")["status"] == "started"


@pytest.fixture
def last_attempt(engine: Engine) -> dict[str, Any]:
    """A task whose lease ran out in its last attempt."""
    engine.flow(single("a", max_attempts=1), single("b", "a"))
    engine.start()
    (task,) = engine.claim(engine.worker())
    engine.advance(63)
    return task


def test_a_lost_last_attempt_is_handed_out_to_be_reported(
    engine: Engine, last_attempt: dict[str, Any]
) -> None:
    worker_id = engine.worker()

    (row,) = engine.claim(worker_id)
    refused = engine.report(worker_id, lost(row))

    run = engine.run(last_attempt["run_id"])
    assert (row["attempt"], row["max_attempts"], refused) == (2, 1, [])
    assert (run["status"], run["error_message"]) == (
        "failed",
        "a: attempt 1 was lost: its worker died or held it beyond its time",
    )
    assert engine.task(last_attempt["run_id"], "a")["attempts_count"] == 1


def test_a_lost_last_attempt_is_not_started(engine: Engine, last_attempt: dict[str, Any]) -> None:
    started = engine.start_tasks(engine.worker(), "flow", [last_attempt["msg_id"]])

    assert started == []
    assert engine.task(last_attempt["run_id"], "a")["attempts_count"] == 1
