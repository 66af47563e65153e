"""Started tasks that nobody answers for go back to the queue."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import single


def stall(engine: Engine, run_id: UUID, step_slug: str, seconds: float) -> None:
    """Make the task look as if it had been started that long ago."""
    engine.do(
        """update pgflow.step_tasks set
          queued_at = least(queued_at, clock_timestamp() - make_interval(secs => %(age)s)),
          started_at = clock_timestamp() - make_interval(secs => %(age)s)
        where run_id = %(run)s and step_slug = %(step)s""",
        run=run_id,
        step=step_slug,
        age=seconds,
    )


def requeue(engine: Engine) -> int:
    return engine.value("select pgflow.requeue_stalled_tasks()")


@pytest.mark.parametrize(
    ("flow_timeout", "step_timeout", "stalled_for", "requeued"),
    [(60, None, 88, 0), (60, None, 91, 1), (60, 10, 38, 0), (60, 10, 41, 1), (10, 60, 41, 0)],
)
def test_a_task_stalls_thirty_seconds_after_its_timeout(
    engine: Engine, flow_timeout: int, step_timeout: int | None, stalled_for: int, requeued: int
) -> None:
    engine.flow(single("a", timeout=step_timeout), timeout=flow_timeout)
    run_id = engine.start()
    engine.start_step(run_id, "a")
    stall(engine, run_id, "a", stalled_for)

    assert requeue(engine) == requeued
    assert engine.task(run_id, "a")["requeued_count"] == requeued


def test_a_stalled_task_can_be_claimed_again(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.start_step(run_id, "a")
    stall(engine, run_id, "a", 100)

    requeue(engine)

    task = engine.task(run_id, "a")
    assert (task["status"], task["requeued_count"]) == ("queued", 1)
    assert (task["last_requeued_at"] is not None, task["permanently_stalled_at"]) == (True, None)
    assert [claimed["attempt"] for claimed in engine.claim(engine.worker())] == [2]


def test_a_queued_task_is_not_stalled(engine: Engine) -> None:
    engine.flow(single("a"))
    engine.start()
    engine.do("update pgflow.step_tasks set queued_at = now() - interval '1 day'")

    assert requeue(engine) == 0


def test_a_task_that_stalls_for_the_fourth_time_fails(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=10), single("b", "a"))
    run_id = engine.start()
    counts: list[int] = []

    for _ in range(4):
        engine.start_step(run_id, "a")
        stall(engine, run_id, "a", 100)
        requeue(engine)
        counts.append(engine.task(run_id, "a")["requeued_count"])

    task = engine.task(run_id, "a")
    assert counts == [1, 2, 3, 3]
    assert (task["status"], task["permanently_stalled_at"] is not None) == ("failed", True)
    assert engine.statuses(run_id) == {"a": "failed", "b": "cancelled"}
    assert engine.run(run_id)["status"] == "failed"
    assert engine.queue() == {}


def test_a_task_that_stalls_for_good_may_be_skipped(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=10, when_exhausted="skip"), single("b", "a"))
    run_id = engine.start()

    for _ in range(4):
        engine.start_step(run_id, "a")
        stall(engine, run_id, "a", 100)
        requeue(engine)

    assert engine.statuses(run_id) == {"a": "skipped", "b": "started"}


def test_a_late_report_of_a_requeued_task_is_refused(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.start_step(run_id, "a")
    stall(engine, run_id, "a", 100)
    requeue(engine)

    (task,) = engine.complete(run_id, "a", "late")

    assert (task["status"], task["output"]) == ("queued", None)
    assert task["message_id"] in engine.queue()


def test_several_stalled_tasks_are_counted(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("fresh"))
    run_id = engine.start()
    for slug in ("a", "b", "fresh"):
        engine.start_step(run_id, slug)
    stall(engine, run_id, "a", 100)
    stall(engine, run_id, "b", 100)

    assert requeue(engine) == 2
    assert engine.task(run_id, "fresh")["status"] == "started"
