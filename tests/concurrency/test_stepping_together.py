"""People who step through a run at the same time, or while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import single
from tests.support.invariants import assert_sound
from tests.support.rivals import Rival, all_at_once, until_blocked

Join = Callable[[], Rival]


@pytest.fixture
def run_id(engine: Engine) -> UUID:
    """A paused run with three steps that are ready and one that waits for the first."""
    engine.flow(single("a"), single("b"), single("c"), single("after", "a"))
    return engine.value("select run_id from pgflow.start_paused('flow', '{}')")


def release(engine: Engine, run_id: UUID) -> str | None:
    rows = engine.rows("select step_slug from pgflow.release_step(%(id)s)", id=run_id)
    return rows[0]["step_slug"] if rows else None


def pause(engine: Engine, run_id: UUID) -> None:
    engine.do("select pgflow.pause_run(%(id)s)", id=run_id)


def edit(engine: Engine, run_id: UUID, step: str) -> None:
    engine.do("select pgflow.edit_step_output(%(id)s, %(step)s, '7')", id=run_id, step=step)


def test_a_step_is_released_once(engine: Engine, run_id: UUID) -> None:
    dsn = engine.connection.info.dsn

    released = all_at_once(dsn, [lambda e: release(e, run_id)] * 5)

    assert sorted(filter(None, released), key=str) == ["a", "b", "c"]
    assert len(engine.queue()) == 3
    assert_sound(engine)


def test_an_edit_that_waits_for_a_release_comes_too_late(
    engine: Engine, rival: Join, run_id: UUID
) -> None:
    for _ in range(3):
        release(engine, run_id)
    engine.finish(run_id, "a", 1)
    releasing, editing = rival(), rival()

    releasing.begins(lambda e: release(e, run_id))
    late = editing.sends(lambda e: edit(e, run_id, "a"))
    until_blocked(engine, editing, releasing)
    releasing.commits()

    with pytest.raises(psycopg.Error, match=r'step "a" of run .* is used already by "after"'):
        late.result()
    assert engine.step(run_id, "a")["output"] == 1
    assert_sound(engine)


def test_a_completion_that_waits_for_a_pause_starts_nothing_more(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("first"), single("second", "first"))
    run_id = engine.start()
    engine.start_step(run_id, "first")
    pausing, working = rival(), rival()

    pausing.begins(lambda e: pause(e, run_id))
    completing = working.sends(lambda e: e.complete(run_id, "first", 1))
    until_blocked(engine, working, pausing)
    pausing.commits()
    completing.result()

    assert engine.statuses(run_id) == {"first": "completed", "second": "created"}
    assert release(engine, run_id) == "second"
    assert_sound(engine)


def test_a_run_that_ends_is_not_paused_any_more(engine: Engine, rival: Join) -> None:
    engine.flow(single("only"))
    run_id = engine.start()
    engine.start_step(run_id, "only")
    working, pausing = rival(), rival()

    working.begins(lambda e: e.complete(run_id, "only", 1))
    late = pausing.sends(lambda e: pause(e, run_id))
    until_blocked(engine, pausing, working)
    working.commits()

    with pytest.raises(psycopg.Error, match=r"has ended \(completed\), expected one in progress"):
        late.result()
