"""Outcomes of one report have no order: completions count first, then each by its key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import completed, failed


def claim_by_step(engine: Engine) -> tuple[UUID, dict[str, dict[str, Any]]]:
    worker_id = engine.worker()
    return worker_id, {task["step_slug"]: task for task in engine.claim(worker_id)}


def test_a_completion_counts_before_a_fatal_failure(engine: Engine) -> None:
    engine.flow(single("bad", max_attempts=1), single("good"))
    run_id = engine.start()
    worker_id, tasks = claim_by_step(engine)

    refused = engine.report(worker_id, failed(tasks["bad"]), completed(tasks["good"], "kept"))

    assert refused == []
    assert engine.statuses(run_id) == {"bad": "failed", "good": "completed"}
    assert engine.step(run_id, "good")["output"] == "kept"
    assert engine.run(run_id)["remaining_steps"] == 1


@pytest.mark.parametrize("fatal", ["failure", "violation"])
def test_a_retried_run_goes_on_after_what_was_completed_with_the_failure(
    engine: Engine, fatal: str
) -> None:
    engine.flow(
        single("good"),
        single("bad", max_attempts=1),
        map_over("fed", "bad"),
        single("next", "good"),
        map_over("each", "good"),
    )
    run_id = engine.start()
    worker_id, tasks = claim_by_step(engine)
    end = failed(tasks["bad"]) if fatal == "failure" else completed(tasks["bad"], "text")

    engine.report(worker_id, completed(tasks["good"], [1, 2]), end)
    engine.retry(run_id)

    steps = engine.steps(run_id)
    assert (steps["next"]["status"], steps["next"]["remaining_deps"]) == ("started", 0)
    assert (steps["each"]["status"], steps["each"]["initial_tasks"]) == ("started", 2)
    assert len(engine.queue()) == 4


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_first_of_two_fatal_failures_ends_the_run(engine: Engine, order: str) -> None:
    engine.flow(single("a", max_attempts=1), single("b", max_attempts=1))
    run_id = engine.start()
    worker_id, tasks = claim_by_step(engine)

    refused = engine.report(worker_id, *(failed(tasks[slug], f"{slug} fell") for slug in order))

    assert refused == []
    assert engine.statuses(run_id) == {"a": "failed", "b": "cancelled"}
    assert engine.run(run_id)["error_message"] == "a: a fell"
    assert [engine.task(run_id, slug)["status"] for slug in "ab"] == ["failed", "failed"]


@pytest.mark.parametrize("order", [(0, 2), (2, 0)])
def test_two_exhausted_tasks_fail_their_map_once(engine: Engine, order: tuple[int, int]) -> None:
    engine.flow(map_over("each", max_attempts=1))
    run_id, worker_id = engine.start("flow", [1, 2, 3]), engine.worker()
    tasks = {task["task_index"]: task for task in engine.claim(worker_id)}

    engine.report(worker_id, *(failed(tasks[index], f"{index} fell") for index in order))

    statuses = [engine.task(run_id, "each", index)["status"] for index in range(3)]
    assert statuses == ["failed", "cancelled", "failed"]
    assert engine.step(run_id, "each")["error_message"] == "0 fell"
    assert engine.run(run_id)["error_message"] == "each: 0 fell"


def test_a_fatal_failure_counts_before_one_that_would_be_skipped(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1, when_exhausted="skip"), single("b", max_attempts=1))
    run_id = engine.start()
    worker_id, tasks = claim_by_step(engine)

    engine.report(worker_id, failed(tasks["a"]), failed(tasks["b"]))

    assert engine.statuses(run_id) == {"a": "cancelled", "b": "failed"}
    assert engine.task(run_id, "a")["status"] == "failed"


def test_a_failure_that_was_to_be_retried_ends_with_its_run(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1), single("b", max_attempts=3))
    run_id = engine.start()
    worker_id, tasks = claim_by_step(engine)

    engine.report(worker_id, failed(tasks["b"], "again"), failed(tasks["a"], "fatal"))

    task = engine.task(run_id, "b")
    assert (task["status"], task["error_message"]) == ("cancelled", "again")
    assert engine.run(run_id)["error_message"] == "a: fatal"
    assert engine.queue() == {}


def test_skipped_failures_of_one_report_all_skip(engine: Engine) -> None:
    engine.flow(
        single("a", max_attempts=1, when_exhausted="skip"),
        single("b", max_attempts=1, when_exhausted="skip-cascade"),
        single("c", "a"),
        single("d", "b"),
    )
    run_id = engine.start()
    worker_id, tasks = claim_by_step(engine)

    engine.report(worker_id, failed(tasks["a"]), failed(tasks["b"]))

    assert engine.statuses(run_id) == {
        "a": "skipped",
        "b": "skipped",
        "c": "started",
        "d": "skipped",
    }
