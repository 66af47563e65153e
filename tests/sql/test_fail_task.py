"""Failed attempts: retried with back-off, then what when_exhausted says."""

from __future__ import annotations

import pytest

from tests.support.engine import Engine, about
from tests.support.flow_spec import map_over, single


def test_a_failed_attempt_is_queued_again(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.start_step(run_id, "a")

    (task,) = engine.fail(run_id, "a", "no route to host")

    assert (task["status"], task["error_message"]) == ("queued", "no route to host")
    assert (task["attempts_count"], task["output"], task["failed_at"]) == (1, None, None)
    assert task["message_id"] in engine.queue()
    assert engine.step(run_id, "a")["status"] == "started"


def test_the_back_off_doubles(engine: Engine) -> None:
    engine.flow(single("a"), max_attempts=5, base_delay=10)
    run_id = engine.start()
    delays: list[float] = []

    for _ in range(4):
        engine.start_step(run_id, "a")
        engine.fail(run_id, "a")
        delays.append(engine.delay(run_id, "a"))

    assert delays == [about(seconds) for seconds in (10, 20, 40, 80)]


def test_a_step_has_its_own_back_off(engine: Engine) -> None:
    engine.flow(single("a", base_delay=100), base_delay=10)
    run_id = engine.start()
    engine.start_step(run_id, "a")

    engine.fail(run_id, "a")

    assert engine.delay(run_id, "a") == about(100)


def test_a_retry_waits_for_its_time(engine: Engine) -> None:
    engine.flow(single("a"), base_delay=10)
    run_id, worker_id = engine.start(), engine.worker()
    engine.start_step(run_id, "a")
    engine.fail(run_id, "a")

    early = engine.claim(worker_id)
    engine.advance(11)
    (due,) = engine.claim(worker_id)

    assert early == []
    assert (due["step_slug"], due["attempt"]) == ("a", 2)


def test_the_last_error_is_kept_when_a_retry_succeeds(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.start_step(run_id, "a")
    engine.fail(run_id, "a", "first try")

    engine.finish(run_id, "a", "done")

    task = engine.task(run_id, "a")
    assert (task["status"], task["attempts_count"]) == ("completed", 2)
    assert task["error_message"] == "first try"


@pytest.mark.parametrize(("max_attempts", "attempts"), [(0, 1), (1, 1), (2, 2), (4, 4)])
def test_a_task_has_as_many_attempts_as_allowed(
    engine: Engine, max_attempts: int, attempts: int
) -> None:
    engine.flow(single("a"), max_attempts=max_attempts)
    run_id = engine.start()

    engine.exhaust(run_id, "a")

    task = engine.task(run_id, "a")
    assert (task["status"], task["attempts_count"]) == ("failed", attempts)


def test_a_step_has_its_own_number_of_attempts(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1), max_attempts=3)
    run_id = engine.start()

    engine.exhaust(run_id, "a")

    assert engine.task(run_id, "a")["attempts_count"] == 1


def test_an_exhausted_task_fails_its_step_and_its_run(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1), single("b", "a"))
    run_id = engine.start()

    engine.exhaust(run_id, "a", "no route to host")

    run, task, step = engine.run(run_id), engine.task(run_id, "a"), engine.step(run_id, "a")
    assert (task["status"], task["error_message"]) == ("failed", "no route to host")
    assert (step["status"], step["error_message"]) == ("failed", "no route to host")
    assert (run["status"], run["error_message"]) == ("failed", "a: no route to host")
    assert None not in (task["failed_at"], step["failed_at"], run["failed_at"])
    assert run["remaining_steps"] == 2


def test_a_failing_run_cancels_what_is_open(engine: Engine) -> None:
    engine.flow(
        single("a", max_attempts=1), single("busy"), single("idle"), single("later", "busy")
    )
    run_id = engine.start()
    engine.start_step(run_id, "busy")

    engine.exhaust(run_id, "a")

    assert engine.statuses(run_id) == {
        "a": "failed",
        "busy": "cancelled",
        "idle": "cancelled",
        "later": "cancelled",
    }
    assert engine.task(run_id, "busy")["status"] == "cancelled"
    assert engine.task(run_id, "idle")["status"] == "cancelled"


def test_a_failing_run_archives_all_its_messages(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1), map_over("each"))
    other = engine.start("flow", [1])
    run_id = engine.start("flow", [1, 2])
    ids = {task["message_id"] for task in engine.tasks(run_id).values()}

    engine.exhaust(run_id, "a")

    assert ids <= engine.archive().keys()
    assert engine.queue().keys() == {t["message_id"] for t in engine.tasks(other).values()}


def test_a_report_after_the_run_failed_changes_nothing(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1), single("busy"))
    run_id = engine.start()
    engine.start_step(run_id, "busy")
    engine.exhaust(run_id, "a")

    (task,) = engine.complete(run_id, "busy", "late")

    assert (task["status"], task["output"]) == ("cancelled", None)
    assert engine.run(run_id)["status"] == "failed"


def test_a_skipped_failure_lets_the_run_go_on(engine: Engine) -> None:
    engine.flow(
        single("a", max_attempts=1, when_exhausted="skip"), single("b"), single("c", "a", "b")
    )
    run_id = engine.start()
    engine.exhaust(run_id, "a", "no route to host")
    engine.finish(run_id, "b", 1)

    (record,) = engine.start_step(run_id, "c")

    step = engine.step(run_id, "a")
    assert (step["status"], step["skip_reason"]) == ("skipped", "handler_failed")
    assert (step["error_message"], step["skipped_at"] is not None) == ("no route to host", True)
    assert engine.task(run_id, "a")["status"] == "failed"
    assert record["input"] == {"b": 1}


def test_a_map_over_a_skipped_failure_has_no_tasks(engine: Engine) -> None:
    engine.flow(
        single("a", max_attempts=1, when_exhausted="skip"), map_over("m", "a"), map_over("n", "m")
    )
    run_id = engine.start()

    engine.exhaust(run_id, "a")

    assert engine.statuses(run_id) == {"a": "skipped", "m": "completed", "n": "completed"}
    assert (engine.step(run_id, "m")["output"], engine.step(run_id, "m")["initial_tasks"]) == (
        [],
        0,
    )
    assert engine.run(run_id)["output"] == {"n": []}


def test_a_skipped_leaf_is_not_in_the_output(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1, when_exhausted="skip"), single("b"))
    run_id = engine.start()
    engine.finish(run_id, "b", 1)

    engine.exhaust(run_id, "a")

    run = engine.run(run_id)
    assert (run["status"], run["output"], run["remaining_steps"]) == ("completed", {"b": 1}, 0)


def test_a_cascading_failure_skips_all_descendants(engine: Engine) -> None:
    engine.flow(
        single("a", max_attempts=1, when_exhausted="skip-cascade"),
        single("other"),
        single("b", "a", "other"),
        map_over("c", "b"),
        single("d", "c"),
        single("free", "other"),
    )
    run_id = engine.start()
    engine.finish(run_id, "other", 1)

    engine.exhaust(run_id, "a", "no route to host")

    steps = engine.steps(run_id)
    assert {slug: step["skip_reason"] for slug, step in steps.items()} == {
        "a": "handler_failed",
        "other": None,
        "b": "dependency_skipped",
        "c": "dependency_skipped",
        "d": "dependency_skipped",
        "free": None,
    }
    assert steps["a"]["error_message"] == "no route to host"
    assert engine.run(run_id)["remaining_steps"] == 1


def test_one_exhausted_task_fails_its_whole_map(engine: Engine) -> None:
    engine.flow(map_over("each", max_attempts=1))
    run_id = engine.start("flow", [1, 2, 3])
    engine.start_step(run_id, "each")
    engine.complete(run_id, "each", "kept", index=0)

    engine.fail(run_id, "each", "bad element", index=1)

    statuses = [task["status"] for _, task in sorted(engine.tasks(run_id).items())]
    assert statuses == ["completed", "failed", "cancelled"]
    assert engine.run(run_id)["error_message"] == "each: bad element"
    assert engine.task(run_id, "each", 0)["output"] == "kept"


def test_one_exhausted_task_skips_its_whole_map(engine: Engine) -> None:
    engine.flow(map_over("each", max_attempts=1, when_exhausted="skip"), single("after", "each"))
    run_id = engine.start("flow", [1, 2, 3])
    engine.start_step(run_id, "each")
    engine.complete(run_id, "each", "kept", index=0)

    engine.fail(run_id, "each", "bad element", index=1)

    statuses = [engine.task(run_id, "each", index)["status"] for index in range(3)]
    assert statuses == ["completed", "failed", "skipped"]
    assert engine.statuses(run_id) == {"each": "skipped", "after": "started"}
    assert list(engine.queue()) == [engine.task(run_id, "after")["message_id"]]


def test_a_retried_task_of_a_map_leaves_the_others_alone(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id = engine.start("flow", [1, 2])
    engine.start_step(run_id, "each")

    engine.fail(run_id, "each", index=0)

    assert engine.task(run_id, "each", 0)["status"] == "queued"
    assert engine.task(run_id, "each", 1)["status"] == "started"
    assert engine.step(run_id, "each")["remaining_tasks"] == 2
