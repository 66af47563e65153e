"""Removing a flow with all its data, and removing what is old."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import single

DAY = 86_400


def flows_with_rows(engine: Engine) -> set[str]:
    found = engine.rows(
        """select flow_slug from pgflow.flows union select flow_slug from pgflow.steps
        union select flow_slug from pgflow.deps union select flow_slug from pgflow.runs
        union select flow_slug from pgflow.step_states
        union select flow_slug from pgflow.step_tasks"""
    )
    return {row["flow_slug"] for row in found}


def queues(engine: Engine) -> set[str]:
    return {row["queue_name"] for row in engine.rows("select queue_name from pgmq.list_queues()")}


def test_a_deleted_flow_leaves_nothing_behind(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"), slug="gone")
    engine.flow(single("a"), single("b", "a"), slug="kept")
    for slug in ("gone", "kept"):
        run_id = engine.start(slug)
        engine.finish(run_id, "a", 1)

    engine.do("select pgflow.delete_flow_and_data(p_flow_slug => 'gone')")

    assert flows_with_rows(engine) == {"kept"}
    assert queues(engine) == {"kept"}


def test_a_deleted_flow_takes_its_odd_queue_along(engine: Engine) -> None:
    slug = "Order_" + "x" * 100
    engine.flow(single("a"), slug=slug)

    engine.do("select pgflow.delete_flow_and_data(%(slug)s)", slug=slug)

    assert queues(engine) == set()


def test_deleting_an_unknown_flow_does_no_harm(engine: Engine) -> None:
    engine.flow(single("a"))

    engine.do("select pgflow.delete_flow_and_data('nowhere')")

    assert flows_with_rows(engine) == {"flow"}


def test_a_deleted_flow_can_be_defined_anew(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    engine.do("select pgflow.delete_flow_and_data('flow')")

    engine.flow(single("c"))

    assert engine.statuses(engine.start()) == {"c": "started"}


@pytest.fixture
def history(engine: Engine) -> dict[str, UUID]:
    """Runs that ended in every way, and one that goes on."""
    engine.flow(single("a", max_attempts=1))
    runs = {name: engine.start() for name in ("completed", "failed", "cancelled", "started")}
    engine.finish(runs["completed"], "a", 1)
    engine.exhaust(runs["failed"], "a")
    engine.cancel(runs["cancelled"])
    return runs


def prune(engine: Engine) -> list[dict[str, object]]:
    return engine.rows(
        "select * from pgflow.prune_data_older_than(retention_interval => '30 days')"
    )


def test_old_finished_runs_are_removed(engine: Engine, history: dict[str, UUID]) -> None:
    engine.advance(31 * DAY)

    prune(engine)

    left = engine.rows(
        """select run_id from pgflow.runs union select run_id from pgflow.step_states
        union select run_id from pgflow.step_tasks"""
    )
    assert left == [{"run_id": history["started"]}]


def test_old_archived_messages_are_removed(engine: Engine, history: dict[str, UUID]) -> None:
    engine.advance(31 * DAY)

    prune(engine)

    assert engine.archive() == {}
    assert list(engine.queue()) == [engine.task(history["started"], "a")["message_id"]]


def test_dead_workers_are_removed(engine: Engine, history: dict[str, UUID]) -> None:
    engine.advance(31 * DAY)
    live = engine.worker()

    prune(engine)

    assert engine.rows("select worker_id from pgflow.workers") == [{"worker_id": live}]


def test_what_is_recent_is_kept(engine: Engine, history: dict[str, UUID]) -> None:
    engine.advance(29 * DAY)

    prune(engine)

    assert len(engine.rows("select from pgflow.runs")) == 4
    assert len(engine.archive()) == 3
    assert engine.rows("select from pgflow.workers") != []


def test_pruning_says_what_it_removed(engine: Engine, history: dict[str, UUID]) -> None:
    engine.advance(31 * DAY)

    (first,) = prune(engine)
    (second,) = prune(engine)

    assert 3 in first.values()
    assert set(second.values()) == {0}


def test_a_flow_is_deleted_while_it_runs(engine: Engine) -> None:
    engine.flow(single("a"))
    worker_id = engine.worker()
    run_id = engine.start()
    engine.claim(worker_id)

    engine.do("select pgflow.delete_flow_and_data('flow')")

    assert engine.complete(run_id, "a", 1) == []
