"""Waiting when something goes wrong meanwhile, or when no notifications can be had."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from pgflow import statements
from pgflow.client import AsyncClient, AsyncRun, lookout, watcher
from pgflow.errors import DatabaseUnavailable, EngineMissing
from pgflow.statements import BackendRow, Statement
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.support.greeter import ALICE, greet, greet_user
from tests.support.waiting import break_connections, connections, is_watched, outage

GREETED = {"greeting": "Hello, Alice Smith!"}
STORY = ["started", "started", "completed", "started", "completed", "completed"]


async def until(condition: Callable[[], object]) -> None:
    async def look() -> object:
        return condition()

    await eventually_async(look)


@pytest.fixture
def behind_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend is never the one that greeted the client."""
    strange = Statement("select -1 as pid", BackendRow)
    monkeypatch.setattr(statements, "current_backend", lambda: strange)


async def test_waiting_survives_a_broken_connection(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    await until(lambda: is_watched(engine, run.run_id))

    break_connections(engine)
    await until(lambda: connections(engine) == 1)
    greet(engine, run.run_id)

    assert await waiting == GREETED


async def test_what_happens_during_an_outage_is_not_missed(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    story = asyncio.create_task(_statuses(run))
    await until(lambda: is_watched(engine, run.run_id))

    with outage(engine):
        greet(engine, run.run_id)

    assert await waiting == GREETED
    assert await story == STORY


async def test_an_outage_is_not_borne_for_ever(
    async_client: AsyncClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "PATIENCE", 0.1)
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    await until(lambda: is_watched(engine, run.run_id))

    with outage(engine), pytest.raises(DatabaseUnavailable) as away:
        await waiting

    assert str(away.value).startswith("the database cannot be reached: ")
    assert "not currently accepting connections" in str(away.value)


async def test_who_begins_to_wait_while_the_database_is_away_is_told_at_once(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)

    with outage(engine), pytest.raises(DatabaseUnavailable):
        await run.wait(timeout=60)

    greet(engine, run.run_id)
    assert await run.wait(timeout=60) == GREETED


async def test_an_engine_that_disappears_ends_the_waiting(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    engine.do("drop schema pgflow cascade")

    with pytest.raises(EngineMissing):
        await run.wait(timeout=60)


async def test_a_watch_is_renewed_before_it_ends(
    async_client: AsyncClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "RENEWAL", 0.05)
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    await until(lambda: is_watched(engine, run.run_id))

    engine.do("update pgflow.run_watches set expires_at = now() - interval '1 second'")
    await until(lambda: is_watched(engine, run.run_id))
    greet(engine, run.run_id)

    assert await waiting == GREETED


async def test_a_run_that_somebody_holds_in_a_long_transaction_stops_nobody_else(
    async_client: AsyncClient,
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "LOCK_TIMEOUT", "20ms")
    held, free = await async_client.start_many(greet_user, [ALICE, ALICE])
    with pgflow_database.connect() as holder:
        holder.execute("select from pgflow.runs where run_id = %s for update", [held.run_id])
        waiting = [asyncio.create_task(run.wait(timeout=60)) for run in (held, free)]

        greet(engine, free.run_id)
        assert await waiting[1] == GREETED

    greet(engine, held.run_id)
    assert await waiting[0] == GREETED


async def test_waiting_survives_a_migration_that_locks_the_tables(
    async_client: AsyncClient,
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(lookout, "LOCK_TIMEOUT", "20ms")
    monkeypatch.setattr(lookout, "RENEWAL", 0.01)
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    await until(lambda: is_watched(engine, run.run_id))

    with pgflow_database.connect() as migration:
        migration.execute("lock table pgflow.runs in access exclusive mode")
        await until(lambda: "the database is busy: " in caplog.text)
    greet(engine, run.run_id)

    assert await waiting == GREETED


@pytest.mark.usefixtures("behind_a_pooler")
async def test_behind_a_pooler_runs_are_waited_for_by_looking(
    async_client: AsyncClient, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pgflow.client")
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    story = asyncio.create_task(_statuses(run))
    await until(lambda: connections(engine) == 2)

    greet(engine, run.run_id)

    assert await waiting == GREETED
    assert await story == STORY
    assert not is_watched(engine, run.run_id)
    [message] = caplog.messages
    assert message == (
        "a connection pooler lets no notifications pass: waiting for runs by polling. "
        "PGFLOW_DIRECT_URL may name a way past it"
    )


async def test_the_environment_may_name_a_connection_to_wait_on(
    engine: Engine, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    direct = make_conninfo(pgflow_database.dsn, application_name="direct")
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)
    monkeypatch.setenv("PGFLOW_DIRECT_URL", direct)
    async with AsyncClient() as client:
        run = await client.start(greet_user, ALICE)
        greet(engine, run.run_id)

        assert await run.wait(timeout=60) == GREETED
        names = engine.rows("select application_name as name from pg_stat_activity")
        assert {"name": "direct"} in names


@pytest.mark.usefixtures("behind_a_pooler")
async def test_behind_a_pooler_a_broken_connection_is_replaced(
    async_client: AsyncClient, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pgflow.client")
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    await until(lambda: "waiting for runs by polling" in caplog.text)

    break_connections(engine)
    greet(engine, run.run_id)

    assert await waiting == GREETED


async def test_the_connection_is_closed_when_nobody_has_waited_for_long(
    async_client: AsyncClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "LINGER", 0.01)
    run = await async_client.start(greet_user, ALICE)
    greet(engine, run.run_id)

    await run.wait(timeout=60)

    await until(lambda: connections(engine) == 1)


async def _statuses(run: AsyncRun[Any]) -> list[str]:
    return [event.status async for event in run.events()]
