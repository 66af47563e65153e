"""What a handler writes in its transaction is there exactly when its task has completed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from pgflow.testing import PgflowDatabase
from pgflow.worker import Worker, current_task
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.support.jsonb import Json


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_result_that_no_map_can_run_over_undoes_the_effect(
    engine: Engine, pgflow_database: PgflowDatabase, is_async: bool
) -> None:
    """The task fails for what it returned; whoever retries the run must find nothing done."""
    flow = _listing(is_async, returns=7)

    async with Worker([flow], database_url=pgflow_database.dsn) as worker:
        await worker.signals.idle.reaches(1)
        error = await _error_of(engine, engine.start("listing"))

    assert error == (
        "list: [TYPE_VIOLATION] Map step each expects array input but dependency list produced "
        "number"
    )
    assert engine.rows("select from effects") == []


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_result_that_a_map_runs_over_keeps_the_effect(
    engine: Engine, pgflow_database: PgflowDatabase, is_async: bool
) -> None:
    flow = _listing(is_async, returns=[1, 2])

    async with Worker([flow], database_url=pgflow_database.dsn) as worker:
        await worker.signals.idle.reaches(1)
        run_id = engine.start("listing")
        await _ended(engine, run_id)

    assert engine.run(run_id)["output"] == {"each": [1, 2]}
    assert len(engine.rows("select from effects")) == 1


async def test_an_effect_of_a_cancelled_run_is_undone(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    written, may_return = asyncio.Event(), asyncio.Event()
    flow = Flow("slow")

    @flow.step()
    async def write() -> None:
        async with current_task().transaction() as connection:
            await connection.execute("insert into effects default values")
        written.set()
        await may_return.wait()

    async with Worker([flow], database_url=pgflow_database.dsn) as worker:
        await worker.signals.idle.reaches(1)
        run_id = engine.start("slow")
        await written.wait()
        engine.cancel(run_id)
        may_return.set()

    assert engine.rows("select from effects") == []


def _listing(is_async: bool, *, returns: Json) -> Flow[Any]:
    """A step that writes something down and returns this to a map."""
    flow = Flow("listing", max_attempts=1)

    async def write_async() -> Any:
        async with current_task().transaction() as connection:
            await connection.execute("insert into effects default values")
        return returns

    def write() -> Any:
        with current_task().transaction() as connection:
            connection.execute("insert into effects default values")
        return returns

    source: Any = flow.step(slug="list")(write_async if is_async else write)
    flow.map(source, slug="each")(_echo)
    return flow


def _echo(element: Any) -> Any:
    return element


async def _error_of(engine: Engine, run_id: Any) -> Any:
    await _ended(engine, run_id)
    return engine.run(run_id)["error_message"]


async def _ended(engine: Engine, run_id: Any) -> None:
    query = "select from pgflow.runs where run_id = %(id)s and status <> 'started'"
    await eventually_async(lambda: asyncio.sleep(0, engine.rows(query, id=run_id)))
