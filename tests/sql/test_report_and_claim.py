"""The worker's one call: report what has ended, claim what is free."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engine import Engine, about
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import completed, failed, released


def test_a_claim_starts_tasks(engine: Engine) -> None:
    engine.flow(single("a"), timeout=90)
    run_id, worker_id = engine.start("flow", {"x": 1}), engine.worker()

    (task,) = engine.claim(worker_id)

    row = engine.task(run_id, "a")
    assert (task["run_id"], task["step_slug"], task["task_index"]) == (run_id, "a", 0)
    assert (task["input"], task["flow_input"]) == ({}, {"x": 1})
    assert (task["attempt"], task["max_attempts"], task["timeout"]) == (1, 3, 90)
    assert (row["status"], row["last_worker_id"]) == ("started", worker_id)
    assert engine.delay(run_id, "a") == about(92)


def test_a_claim_takes_no_more_than_asked_for(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id, worker_id = engine.start("flow", list(range(10))), engine.worker()

    first = engine.claim(worker_id, quantity=4)
    rest = engine.claim(worker_id, quantity=100)

    assert (len(first), len(rest)) == (4, 6)
    assert {task["status"] for task in engine.tasks(run_id).values()} == {"started"}


def test_what_was_reported_unlocks_what_is_claimed(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    engine.start()
    worker_id = engine.worker()
    (task,) = engine.claim(worker_id)

    claimed, refused = engine.report_and_claim(worker_id, [completed(task, 7)], ["flow"], 10)

    assert refused == []
    assert [(row["step_slug"], row["input"]) for row in claimed] == [("b", {"a": 7})]


def test_one_report_speaks_of_many_runs_and_flows(engine: Engine) -> None:
    engine.flow(single("a"), slug="one")
    engine.flow(single("a", max_attempts=1), slug="two")
    runs = [engine.start("one"), engine.start("one"), engine.start("two")]
    worker_id = engine.worker()
    tasks = engine.claim(worker_id, "one", "two")

    outcomes = [
        completed(task, "done") if task["flow_slug"] == "one" else failed(task, "bad")
        for task in tasks
    ]
    refused = engine.report(worker_id, *outcomes)

    assert refused == []
    assert [engine.run(run_id)["status"] for run_id in runs] == ["completed", "completed", "failed"]


def test_a_failure_may_forbid_the_retry(engine: Engine, task: dict[str, Any]) -> None:
    engine.report(task["worker_id"], failed(task, "hopeless", retry=False))

    row = engine.task(task["run_id"], "a")
    assert (row["status"], row["attempts_count"]) == ("failed", 1)
    assert engine.run(task["run_id"])["error_message"] == "a: hopeless"


@pytest.mark.parametrize("seconds", [0, 45, 7200])
def test_a_failure_may_say_when_to_retry(
    engine: Engine, task: dict[str, Any], seconds: int
) -> None:
    engine.report(task["worker_id"], failed(task, "busy", retry_in=seconds))

    assert engine.task(task["run_id"], "a")["status"] == "queued"
    assert engine.delay(task["run_id"], "a") == about(seconds)


def test_a_failure_that_asks_for_a_retry_still_costs_an_attempt(engine: Engine) -> None:
    engine.flow(single("a"), max_attempts=1)
    run_id, worker_id = engine.start(), engine.worker()
    (task,) = engine.claim(worker_id)

    engine.report(worker_id, failed(task, "busy", retry_in=5))

    assert engine.run(run_id)["status"] == "failed"


def test_a_task_handed_back_costs_no_attempt(engine: Engine, task: dict[str, Any]) -> None:
    refused = engine.report(task["worker_id"], released(task))

    row = engine.task(task["run_id"], "a")
    assert refused == []
    assert (row["status"], row["attempts_count"], row["error_message"]) == ("queued", 0, None)
    assert [again["attempt"] for again in engine.claim(engine.worker())] == [1]


def test_a_null_output_is_an_output(engine: Engine, task: dict[str, Any]) -> None:
    engine.report(task["worker_id"], completed(task, None))

    assert engine.task(task["run_id"], "a")["status"] == "completed"
    assert engine.run(task["run_id"])["output"] == {"a": None}


def test_two_ends_of_a_map_in_one_report_complete_it(engine: Engine) -> None:
    engine.flow(map_over("each"), single("sum", "each"))
    run_id, worker_id = engine.start("flow", [1, 2]), engine.worker()
    tasks = engine.claim(worker_id)

    engine.report(worker_id, *(completed(task, task["input"] * 10) for task in tasks))

    assert engine.step(run_id, "each")["output"] == [10, 20]
    assert engine.statuses(run_id)["sum"] == "started"


def test_two_parents_that_end_together_unlock_their_child_once(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", "b"))
    run_id, worker_id = engine.start(), engine.worker()
    tasks = engine.claim(worker_id)

    engine.report(worker_id, *(completed(task, task["step_slug"]) for task in tasks))

    (task,) = engine.claim(worker_id)
    assert task["input"] == {"a": "a", "b": "b"}
    assert engine.run(run_id)["remaining_steps"] == 1


def test_no_flow_starves_another(engine: Engine) -> None:
    for slug in ("busy", "calm", "idle"):
        engine.flow(map_over("each"), slug=slug)
    engine.start("busy", list(range(100)))
    engine.start("calm", list(range(3)))

    claimed = engine.claim(engine.worker(), "busy", "calm", "idle", quantity=30)

    by_flow = [task["flow_slug"] for task in claimed]
    assert (by_flow.count("busy"), by_flow.count("calm")) == (27, 3)
