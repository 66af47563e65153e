"""A paused run starts nothing by itself: it is stepped through, resumed, or left alone."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.support.engine import Engine, Row
from tests.support.flow_spec import map_over, single
from tests.support.invariants import assert_sound


@pytest.fixture
def engine(engine: Engine) -> Iterator[Engine]:
    """The same, sound at the end of each test."""
    yield engine
    assert_sound(engine)


@pytest.fixture
def diamond(engine: Engine) -> str:
    """top -> left, right -> bottom"""
    return engine.flow(
        single("top"),
        single("left", "top"),
        single("right", "top"),
        single("bottom", "left", "right"),
    )


def start_paused(engine: Engine, run_input: str = "{}") -> UUID:
    return engine.value(
        "select run_id from pgflow.start_paused('flow', %(input)s::jsonb)", input=run_input
    )


def pause(engine: Engine, run_id: UUID) -> Row:
    return engine.row("select * from pgflow.pause_run(%(id)s)", id=run_id)


def resume(engine: Engine, run_id: UUID) -> Row:
    return engine.row("select * from pgflow.resume_run(%(id)s)", id=run_id)


def release(engine: Engine, run_id: UUID, step: str | None = None) -> list[str]:
    released = engine.rows(
        "select step_slug from pgflow.release_step(%(id)s, %(step)s)", id=run_id, step=step
    )
    return [row["step_slug"] for row in released]


def actions(engine: Engine, run_id: UUID) -> list[tuple[str, str | None]]:
    rows = engine.rows(
        "select action, step_slug from pgflow.run_actions where run_id = %(id)s order by acted_at",
        id=run_id,
    )
    return [(row["action"], row["step_slug"]) for row in rows]


def test_a_run_that_starts_paused_starts_no_step(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)

    run = engine.run(run_id)
    assert run["status"] == "started"
    assert run["paused_at"] is not None
    assert set(engine.statuses(run_id).values()) == {"created"}
    assert engine.queue() == {}


def test_a_paused_start_refuses_what_a_start_refuses(engine: Engine) -> None:
    engine.flow(map_over("each"))

    said = engine.error("select * from pgflow.start_paused('flow', '{}')")

    assert said.message_primary == (
        "Flow flow has root map steps but input is not an array (got object)"
    )


def test_release_starts_the_next_step_in_the_order_of_the_definition(
    engine: Engine, diamond: str
) -> None:
    run_id = start_paused(engine)

    assert release(engine, run_id) == ["top"]
    assert release(engine, run_id) == []

    engine.finish(run_id, "top", 1)
    assert engine.statuses(run_id) == {
        "top": "completed",
        "left": "created",
        "right": "created",
        "bottom": "created",
    }
    assert release(engine, run_id) == ["left"]
    assert release(engine, run_id) == ["right"]


def test_release_starts_the_step_that_is_named(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)
    release(engine, run_id)
    engine.finish(run_id, "top", 1)

    assert release(engine, run_id, "right") == ["right"]

    assert engine.step(run_id, "left")["status"] == "created"


def test_a_step_that_waits_is_not_released(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)

    said = engine.error("select pgflow.release_step(%(id)s, 'bottom')", id=run_id)

    assert said.sqlstate == "PF007"
    assert said.message_primary == f'step "bottom" of run {run_id} is not ready'


def test_a_step_that_does_not_exist_is_not_released(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)

    said = engine.error("select pgflow.release_step(%(id)s, 'nothing')", id=run_id)

    assert said.sqlstate == "PF006"
    assert said.message_primary == f'run {run_id} has no step "nothing"'


def test_a_run_is_stepped_through_to_its_end(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)

    for output, step in enumerate(("top", "left", "right", "bottom")):
        assert release(engine, run_id) == [step]
        engine.finish(run_id, step, output)

    assert engine.run(run_id)["status"] == "completed"
    assert engine.run(run_id)["output"] == {"bottom": 3}


def test_a_released_step_is_judged_by_its_condition(engine: Engine) -> None:
    engine.flow(single("only", required={"ok": True}), single("after", "only"))
    run_id = start_paused(engine)

    assert release(engine, run_id) == ["only"]

    assert engine.step(run_id, "only")["skip_reason"] == "condition_unmet"
    assert engine.step(run_id, "after")["status"] == "created"


def test_a_released_map_over_nothing_completes_at_once(engine: Engine) -> None:
    engine.flow(map_over("each"), single("after", "each"))
    run_id = start_paused(engine, "[]")

    assert release(engine, run_id) == ["each"]

    assert engine.step(run_id, "each")["output"] == []
    assert release(engine, run_id) == ["after"]


def test_pause_lets_go_on_what_has_been_started(engine: Engine, diamond: str) -> None:
    run_id = engine.start()

    assert pause(engine, run_id)["paused_at"] is not None

    engine.finish(run_id, "top", 1)
    assert engine.statuses(run_id) == {
        "top": "completed",
        "left": "created",
        "right": "created",
        "bottom": "created",
    }


def test_a_second_pause_changes_nothing(engine: Engine, diamond: str) -> None:
    run_id = engine.start()

    first = pause(engine, run_id)["paused_at"]

    assert pause(engine, run_id)["paused_at"] == first
    assert actions(engine, run_id) == [("pause", None)]


def test_resume_starts_everything_that_is_ready(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)
    release(engine, run_id)
    engine.finish(run_id, "top", 1)

    assert resume(engine, run_id)["paused_at"] is None

    assert engine.step(run_id, "left")["status"] == "started"
    assert engine.step(run_id, "right")["status"] == "started"
    assert len(engine.queue()) == 2


def test_resume_of_a_run_that_is_not_paused_changes_nothing(engine: Engine, diamond: str) -> None:
    run_id = engine.start()

    assert resume(engine, run_id)["status"] == "started"

    assert actions(engine, run_id) == []


def test_a_failure_ends_a_paused_run(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)
    release(engine, run_id)

    engine.exhaust(run_id, "top")

    assert engine.run(run_id)["status"] == "failed"


def test_a_retried_run_is_still_paused(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)
    release(engine, run_id)
    engine.exhaust(run_id, "top")

    engine.retry(run_id)
    engine.finish(run_id, "top", 1)

    assert engine.step(run_id, "left")["status"] == "created"
    assert release(engine, run_id) == ["left"]


def test_a_cancelled_run_cannot_be_stepped_through(engine: Engine, diamond: str) -> None:
    run_id = start_paused(engine)
    engine.cancel(run_id)

    for call in ("pause_run", "resume_run", "release_step"):
        said = engine.error(f"select pgflow.{call}(%(id)s)", id=run_id)  # type: ignore[arg-type]  of this list
        assert said.sqlstate == "PF007"
        assert said.message_primary == (
            f"run {run_id} has ended (cancelled), expected one in progress"
        )


def test_a_run_that_is_not_paused_releases_nothing(engine: Engine, diamond: str) -> None:
    run_id = engine.start()

    said = engine.error("select pgflow.release_step(%(id)s)", id=run_id)

    assert said.sqlstate == "PF007"
    assert said.message_primary == f"run {run_id} is not paused"


def test_an_unknown_run_is_told(engine: Engine) -> None:
    run_id = uuid4()

    said = engine.error("select pgflow.pause_run(%(id)s)", id=run_id)

    assert said.sqlstate == "PF002"
    assert said.message_primary == f"run {run_id} does not exist"


def test_who_did_what_is_written_down(engine: Engine, diamond: str) -> None:
    run_id = engine.start()

    pause(engine, run_id)
    engine.finish(run_id, "top", 1)
    release(engine, run_id, "left")
    resume(engine, run_id)
    engine.cancel(run_id)
    engine.retry(run_id)

    assert actions(engine, run_id) == [
        ("pause", None),
        ("release", "left"),
        ("resume", None),
        ("cancel", None),
        ("retry", None),
    ]
    assert {row["acted_by"] for row in engine.rows("select acted_by from pgflow.run_actions")} == {
        engine.value("select session_user::text")
    }
