"""The traces of runs: whose carrier counts, and what is handed out once."""

from __future__ import annotations

from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.flow_spec import StepSpec, map_over, single

NOBODY = UUID(int=0)


def trace(engine: Engine, *run_ids: UUID, by: str = "us") -> list[dict[str, Any]]:
    return engine.rows(
        "select * from pgflow.trace_runs(%(ids)s::uuid[], %(carriers)s)",
        ids=list(run_ids),
        carriers=Jsonb([{"by": by}] * len(run_ids)),
    )


def collect(engine: Engine, *run_ids: UUID) -> list[tuple[Any, ...]]:
    """The spans that are handed out: of which step, in which life, and how it ended."""
    rows = engine.rows("select * from pgflow.collect_spans(%(ids)s::uuid[])", ids=list(run_ids))
    for row in rows:
        assert row["started_at"] <= row["ended_at"]
    return [(row["step_slug"], row["retries"], row["status"]) for row in rows]


def open_traces(engine: Engine, after: UUID = NOBODY) -> list[tuple[UUID, bool]]:
    rows = engine.rows("select * from pgflow.open_traces(%(after)s)", after=after)
    return [(row["run_id"], row["has_ended"]) for row in rows]


def test_the_first_carrier_of_a_run_stays(engine: Engine) -> None:
    engine.flow(single("a"))
    old, new = engine.start(), engine.start()
    trace(engine, old, by="first")

    traces = trace(engine, new, old, by="second")

    assert {row["run_id"]: row["carrier"] for row in traces} == {
        old: {"by": "first"},
        new: {"by": "second"},
    }


def test_a_run_that_does_not_exist_gets_no_trace(engine: Engine) -> None:
    assert trace(engine, NOBODY) == []
    assert collect(engine, NOBODY) == []


def test_a_run_without_a_trace_has_no_spans(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.finish(run_id, "a", 1)

    assert collect(engine, run_id) == []


def test_what_has_ended_is_handed_out_once(engine: Engine) -> None:
    engine.flow(single("a"), map_over("b", "a"))
    run_id = engine.start()
    trace(engine, run_id)
    assert collect(engine, run_id) == []

    engine.finish(run_id, "a", [1, 2])
    assert collect(engine, run_id) == [("a", 0, "completed")]
    assert open_traces(engine) == [(run_id, False)]

    engine.finish(run_id, "b", 1, 2)
    assert open_traces(engine) == [(run_id, True)]
    assert collect(engine, run_id) == [(None, 0, "completed"), ("b", 0, "completed")]
    assert collect(engine, run_id) == []
    assert open_traces(engine) == []


def test_an_interrupted_step_ends_with_its_run_and_one_that_never_began_is_left_out(
    engine: Engine,
) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start()
    trace(engine, run_id)

    engine.cancel(run_id)

    assert collect(engine, run_id) == [(None, 0, "cancelled"), ("a", 0, "cancelled")]


def test_a_retry_is_another_life_of_the_run(engine: Engine) -> None:
    engine.flow(single("a"), StepSpec("b", ("a",), max_attempts=1))
    run_id = engine.start()
    trace(engine, run_id)
    engine.finish(run_id, "a", 1)
    engine.exhaust(run_id, "b")
    first = collect(engine, run_id)

    engine.retry(run_id)
    (traced,) = trace(engine, run_id)
    engine.finish(run_id, "b", 2)

    assert first == [(None, 0, "failed"), ("a", 0, "completed"), ("b", 0, "failed")]
    assert traced["retries"] == 1
    assert open_traces(engine) == []
    assert collect(engine, run_id) == [(None, 1, "completed"), ("b", 1, "completed")]
    assert collect(engine, run_id) == []


def test_an_end_that_a_retry_has_undone_is_handed_out_all_the_same(engine: Engine) -> None:
    engine.flow(StepSpec("a", max_attempts=1))
    run_id = engine.start()
    trace(engine, run_id)
    engine.exhaust(run_id, "a")

    engine.retry(run_id)

    assert collect(engine, run_id) == [(None, 0, "failed")]
    assert open_traces(engine) == [(run_id, False)]


def test_open_traces_come_page_by_page(engine: Engine) -> None:
    engine.flow(single("a"))
    run_ids = sorted(engine.start() for _ in range(3))
    trace(engine, *run_ids)

    assert [run_id for run_id, _ in open_traces(engine, run_ids[0])] == run_ids[1:]


def test_two_who_collect_at_once_get_each_span_once(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    trace(engine, run_id)
    engine.finish(run_id, "a", 1)
    late: list[tuple[Any, ...]] = []

    def collect_later() -> None:
        other = Engine.connect(pgflow_database.dsn)
        late.extend(collect(other, run_id))
        other.close()

    with engine.connection.transaction():
        first = collect(engine, run_id)
        thread = Thread(target=collect_later)
        thread.start()
        eventually(lambda: waits(pgflow_database.dsn))
    thread.join()

    assert first == [(None, 0, "completed"), ("a", 0, "completed")]
    assert late == []


def waits(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        (found,) = connection.execute(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            " and datname = current_database()"
        ).fetchall()
    return found[0] > 0


@pytest.mark.parametrize("removal", ["prune", "delete"])
def test_a_run_takes_its_trace_along(engine: Engine, removal: str) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    trace(engine, run_id)
    engine.finish(run_id, "a", 1)

    if removal == "prune":
        engine.advance(10)
        engine.do("select pgflow.prune_data_older_than('5 seconds')")
    else:
        engine.do("select pgflow.delete_flow_and_data('flow')")

    assert engine.value("select count(*) from pgflow.run_traces") == 0
