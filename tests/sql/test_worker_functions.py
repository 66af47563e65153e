"""What the database knows of workers and of the functions that start them."""

from __future__ import annotations

from datetime import timedelta

from tests.support.engine import Engine


def track(engine: Engine, name: str) -> None:
    engine.do("select pgflow.track_worker_function(function_name => %(name)s)", name=name)


def test_a_worker_function_is_tracked(engine: Engine) -> None:
    track(engine, "greeter")

    function = engine.row("select * from pgflow.worker_functions")

    assert (function["function_name"], function["enabled"]) == ("greeter", True)
    assert function["debounce"] == timedelta(seconds=6)


def test_a_disabled_function_stays_disabled_when_it_is_tracked_again(engine: Engine) -> None:
    track(engine, "greeter")
    engine.do("update pgflow.worker_functions set enabled = false, debounce = '1 minute'")

    track(engine, "greeter")

    function = engine.row("select * from pgflow.worker_functions")
    assert (function["enabled"], function["debounce"]) == (False, timedelta(minutes=1))


def test_a_stopped_worker_is_marked(engine: Engine) -> None:
    stopped, other = engine.worker(), engine.worker()

    engine.do("select pgflow.mark_worker_stopped(worker_id => %(id)s)", id=stopped)

    rows = engine.rows("select worker_id from pgflow.workers where stopped_at is not null")
    assert [row["worker_id"] for row in rows] == [stopped]
    assert other != stopped


def test_a_worker_that_is_stopped_twice_keeps_its_first_time(engine: Engine) -> None:
    worker_id = engine.worker()
    engine.do("select pgflow.mark_worker_stopped(%(id)s)", id=worker_id)
    first = engine.value("select stopped_at from pgflow.workers")

    engine.do("select pgflow.mark_worker_stopped(%(id)s)", id=worker_id)

    assert engine.value("select stopped_at from pgflow.workers") == first
