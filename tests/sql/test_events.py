"""Events on our own channel: what they say, and in which order."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single

CHANNEL = "pgflow_run"


class Watcher:
    """Listens for the events of one run on the engine's own connection."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.watcher_id = uuid4()
        engine.do("listen pgflow_run")

    def watch(self, run_id: UUID) -> list[dict[str, Any]]:
        return self.engine.rows(
            "select * from pgflow.watch_run(run_id => %(run)s, watcher => %(watcher)s)",
            run=run_id,
            watcher=self.watcher_id,
        )

    def await_end(self, run_id: UUID) -> None:
        """Watch without the steps."""
        self.engine.do(
            "select pgflow.watch_run(%(run)s, %(watcher)s, with_steps => false)",
            run=run_id,
            watcher=self.watcher_id,
        )

    def events(self) -> list[dict[str, Any]]:
        """Whatever has arrived since the last look; a committed event is there at once."""
        notices = self.engine.connection.notifies(timeout=0)
        return [json.loads(notice.payload) for notice in notices if notice.channel == CHANNEL]

    def names(self) -> list[str]:
        return [name_of(event) for event in self.events()]


def name_of(event: dict[str, Any]) -> str:
    kind, verb = event["event_type"].split(":")
    return f"step:{event['step_slug']}:{verb}" if kind == "step" else event["event_type"]


@pytest.fixture
def watcher(engine: Engine) -> Watcher:
    return Watcher(engine)


def watched_run(engine: Engine, watcher: Watcher) -> UUID:
    run_id = engine.start()
    watcher.watch(run_id)
    return run_id


def test_watching_returns_the_run(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    (run,) = watcher.watch(run_id)

    assert (run["run_id"], run["status"]) == (run_id, "started")


def test_a_run_that_nobody_watches_sends_nothing(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    engine.finish(run_id, "a", 1)

    assert watcher.events() == []


def test_a_completion_is_told_to_the_end(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"), single("c", "a"), single("b", "a"))
    run_id = watched_run(engine, watcher)

    engine.finish(run_id, "a", 1)
    engine.finish(run_id, "b", 2)
    engine.finish(run_id, "c", 3)

    assert watcher.names() == [
        "step:a:completed",
        "step:b:started",
        "step:c:started",
        "step:b:completed",
        "step:c:completed",
        "run:completed",
    ]


def test_events_say_what_happened(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = watched_run(engine, watcher)

    engine.finish(run_id, "a", {"x": 1})
    engine.finish(run_id, "b", 2)

    first, started, _, last = watcher.events()
    assert first.keys() >= {"completed_at"}
    assert {name: first[name] for name in ("run_id", "step_slug", "status", "output")} == {
        "run_id": str(run_id),
        "step_slug": "a",
        "status": "completed",
        "output": {"x": 1},
    }
    assert (started["status"], started["remaining_tasks"], started["remaining_deps"]) == (
        "started",
        1,
        0,
    )
    assert started["started_at"] is not None
    assert (last["flow_slug"], last["status"], last["output"]) == ("flow", "completed", {"b": 2})


def test_a_failed_step_is_told_before_its_run(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a", max_attempts=1), single("b"))
    run_id = watched_run(engine, watcher)

    engine.exhaust(run_id, "a", "bad luck")

    step, run = watcher.events()
    assert (name_of(step), step["status"], step["error_message"]) == (
        "step:a:failed",
        "failed",
        "bad luck",
    )
    assert (name_of(run), run["status"], run["error_message"]) == (
        "run:failed",
        "failed",
        "a: bad luck",
    )
    assert None not in (step["failed_at"], run["failed_at"])


def test_a_cancelled_run_is_told(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)

    engine.cancel(run_id)

    (event,) = watcher.events()
    assert (event["event_type"], event["flow_slug"]) == ("run:cancelled", "flow")
    assert (event["status"], event["cancelled_at"] is not None) == ("cancelled", True)


def test_skipped_steps_are_told_with_their_reasons(engine: Engine, watcher: Watcher) -> None:
    engine.flow(
        single("a", max_attempts=1, when_exhausted="skip-cascade"),
        single("b", "a"),
        single("other"),
    )
    run_id = watched_run(engine, watcher)

    engine.exhaust(run_id, "a", "bad luck")

    first, second = watcher.events()
    assert (name_of(first), first["skip_reason"], first["error_message"]) == (
        "step:a:skipped",
        "handler_failed",
        "bad luck",
    )
    assert (name_of(second), second["skip_reason"]) == ("step:b:skipped", "dependency_skipped")
    assert (second["status"], second["flow_slug"]) == ("skipped", "flow")
    assert second["skipped_at"] is not None


def test_a_taskless_step_is_told_as_completed(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("list"), map_over("each", "list"), single("after", "each"))
    run_id = watched_run(engine, watcher)

    engine.finish(run_id, "list", [])

    parent, taskless, child = watcher.events()
    assert name_of(parent) == "step:list:completed"
    assert name_of(taskless) == "step:each:completed"
    assert (taskless["output"], taskless["remaining_tasks"], taskless["remaining_deps"]) == (
        [],
        0,
        0,
    )
    assert None not in (taskless["started_at"], taskless["completed_at"])
    assert name_of(child) == "step:after:started"


def test_a_retry_of_a_task_is_no_event(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)
    engine.start_step(run_id, "a")

    engine.fail(run_id, "a")

    assert watcher.events() == []


def test_an_unwatched_run_falls_silent(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)
    engine.do(
        "select pgflow.unwatch_run(run_id => %(run)s, watcher => %(watcher)s)",
        run=run_id,
        watcher=watcher.watcher_id,
    )

    engine.finish(run_id, "a", 1)

    assert watcher.events() == []


def test_a_run_stays_watched_while_anybody_watches(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)
    other = Watcher(engine)
    other.watch(run_id)
    engine.do(
        "select pgflow.unwatch_run(run_id => %(run)s, watcher => %(watcher)s)",
        run=run_id,
        watcher=other.watcher_id,
    )

    engine.finish(run_id, "a", 1)

    assert watcher.names() == ["step:a:completed", "run:completed"]


def test_who_awaits_the_end_of_a_run_does_not_hear_of_its_steps(
    engine: Engine, watcher: Watcher
) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start()
    watcher.await_end(run_id)

    engine.finish(run_id, "a", 1)
    engine.finish(run_id, "b", 2)

    assert watcher.names() == ["run:completed"]


def test_who_follows_the_steps_hears_of_them_though_another_awaits_the_end_only(
    engine: Engine, watcher: Watcher
) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)
    Watcher(engine).await_end(run_id)
    watcher.await_end(run_id)

    engine.finish(run_id, "a", 1)

    assert watcher.names() == ["step:a:completed", "run:completed"]


def test_an_output_too_big_for_a_notice_does_not_stop_the_run(
    engine: Engine, watcher: Watcher
) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)

    engine.finish(run_id, "a", "x" * 50_000)

    assert watcher.names() == ["step:a:completed", "run:completed"]
    assert engine.run(run_id)["status"] == "completed"


def test_an_error_too_big_for_a_notice_does_not_stop_the_run(
    engine: Engine, watcher: Watcher
) -> None:
    engine.flow(single("a", max_attempts=1))
    run_id = watched_run(engine, watcher)

    engine.exhaust(run_id, "a", "☃" * 50_000)

    assert watcher.names() == ["step:a:failed", "run:failed"]
    assert engine.task(run_id, "a")["error_message"] == "☃" * 50_000


def test_nothing_is_told_of_what_was_rolled_back(engine: Engine, watcher: Watcher) -> None:
    engine.flow(single("a"))
    run_id = watched_run(engine, watcher)
    engine.start_step(run_id, "a")

    with engine.connection.transaction(force_rollback=True):
        engine.complete(run_id, "a", 1)

    assert watcher.events() == []


def test_an_unknown_run_cannot_be_watched(engine: Engine, watcher: Watcher) -> None:
    assert watcher.watch(uuid4()) == []
