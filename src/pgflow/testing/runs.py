"""Runs a flow from start to end in a test, without waiting for anything that is due later."""

from __future__ import annotations

import asyncio
import json
from typing import Any, TypeVar

from psycopg.rows import class_row

from pgflow import statements
from pgflow.client import AsyncClient, AsyncRun, Run
from pgflow.definition.flow import Flow
from pgflow.testing.database import PgflowDatabase
from pgflow.worker import Worker

In = TypeVar("In")

# A clock that is moved to the very moment would leave the last microsecond to wait for.
MARGIN = 0.01


def run_flow(
    flow: Flow[In], input: In, *, database: PgflowDatabase, allow_failure: bool = False
) -> Run[In]:
    """Register the flow, start a run and work until it has ended; returns the run.

    Retries and start delays fall due at once: instead of waiting, the database's clock is moved.
    A run that fails raises `RunFailed`, unless `allow_failure`.

    Example:
        def test_greeting(pgflow_database):
            run = run_flow(greet_user, ALICE, database=pgflow_database)
            assert run.output == {"greeting": "Hello, Alice Smith!"}
    """

    async def work() -> AsyncRun[In]:
        return await run_flow_async(flow, input, database=database, allow_failure=allow_failure)

    return database.client.get_run(asyncio.run(work()).run_id, flow=flow)


async def run_flow_async(
    flow: Flow[In], input: In, *, database: PgflowDatabase, allow_failure: bool = False
) -> AsyncRun[In]:
    """`run_flow` for async tests."""
    _register(flow, database)
    async with AsyncClient(database.dsn) as client:
        run = await client.start(flow, input)
        worker = Worker(flow, database_url=database.dsn, compilation="off")
        while (await run.refresh()).status == "started":
            await worker.run_until_idle()
            await asyncio.to_thread(_move_to_what_is_due, flow, database)
        if not allow_failure:
            await run.wait()
        return run


def _register(flow: Flow[Any], database: PgflowDatabase) -> None:
    shape = json.dumps(flow.shape().to_json())
    register = statements.ensure_flow_compiled(flow.slug, shape, allow_data_loss=True)
    with database.connect() as connection:
        connection.execute(register.sql, register.params)


def _move_to_what_is_due(flow: Flow[Any], database: PgflowDatabase) -> None:
    idle = statements.idle_status([flow.slug])
    with (
        database.connect() as connection,
        connection.cursor(row_factory=class_row(idle.row)) as cursor,
    ):
        status = cursor.execute(idle.sql, idle.params).fetchone()
    if status is not None and status.due_in:
        database.advance(status.due_in + MARGIN)
