"""Which connections a client uses, and how it treats them."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgflow import statements
from pgflow.client import AsyncClient, Client, connections
from pgflow.statements import BackendRow, Statement
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.greeter import ALICE, greet, greet_user
from tests.support.waiting import break_connections
from tests.support.waiting import connections as count

ELSEWHERE = "postgresql://nobody@127.0.0.1:1/elsewhere"
GREETED = {"greeting": "Hello, Alice Smith!"}


def test_nothing_is_opened_before_it_is_needed(engine: Engine, client: Client) -> None:
    assert count(engine) == 0


def test_a_connection_is_used_again(engine: Engine, client: Client) -> None:
    for _ in range(3):
        client.start(greet_user, ALICE)

    assert count(engine) == 1


def test_threads_have_a_connection_each_and_only_some_are_kept(
    engine: Engine, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEPT_CONNECTIONS", 2)
    together = Barrier(4)

    def slow(_: int) -> str:
        together.wait()
        return client.start(greet_user, ALICE).status

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(slow, range(4)))

    assert statuses == ["started"] * 4
    eventually(lambda: count(engine) <= 2)


def test_a_connection_that_the_server_has_ended_is_not_used_again(
    engine: Engine, client: Client
) -> None:
    client.start(greet_user, ALICE)
    break_connections(engine)

    run = client.start(greet_user, ALICE)

    assert run.status == "started"


async def test_nor_is_it_by_the_async_client(engine: Engine, async_client: AsyncClient) -> None:
    await async_client.start(greet_user, ALICE)
    break_connections(engine)

    run = await async_client.start(greet_user, ALICE)

    assert run.status == "started"


def test_a_client_stays_with_the_database_that_it_found_first(
    engine: Engine, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)
    with Client() as client:
        run = client.start(greet_user, ALICE)
        greet(engine, run.run_id)
        break_connections(engine)

        monkeypatch.setenv("PGFLOW_DATABASE_URL", ELSEWHERE)

        assert run.wait(timeout=60) == GREETED
        assert client.get_run(run.run_id).status == "completed"


async def test_so_does_the_async_client(
    engine: Engine, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)
    async with AsyncClient() as client:
        run = await client.start(greet_user, ALICE)
        greet(engine, run.run_id)
        break_connections(engine)

        monkeypatch.setenv("PGFLOW_DATABASE_URL", ELSEWHERE)

        assert await run.wait(timeout=60) == GREETED
        assert (await client.get_run(run.run_id)).status == "completed"


def test_closing_gives_everything_back(engine: Engine, client: Client) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)
    run.wait(timeout=60)

    client.close()
    client.close()

    eventually(lambda: count(engine) == 0)


def test_a_client_that_nobody_closes_gives_everything_back(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    run: Any = Client(pgflow_database.dsn).start(greet_user, ALICE)
    greet(engine, run.run_id)
    run.wait(timeout=60)

    del run
    gc.collect()

    eventually(lambda: count(engine) == 0)


def test_it_does_so_whatever_the_collector_meets_first(pgflow_database: PgflowDatabase) -> None:
    """The driver complains of connections that are collected while they are open."""
    connection = pgflow_database.connect(autocommit=True)
    shelf: Any = connections.Shelf[psycopg.Connection[Any]]()
    shelf.circle = shelf
    shelf.put(connection)

    del shelf, connection
    gc.collect()


def test_what_comes_back_to_a_closed_shelf_is_closed(pgflow_database: PgflowDatabase) -> None:
    shelf, connection = connections.Shelf[Any](), pgflow_database.connect(autocommit=True)
    shelf.close()

    shelf.put(connection)

    assert connection.closed


def test_no_statement_is_prepared(pgflow_database: PgflowDatabase) -> None:
    database = connections.Database(pgflow_database.dsn)
    prepared = Statement("select count(*)::int as pid from pg_prepared_statements", BackendRow)

    for _ in range(20):
        database.fetch(statements.list_runs())

    assert database.fetch(prepared) == [BackendRow(0)]
    database.close()


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_pool_lends_its_connections(
    engine: Engine, pgflow_database: PgflowDatabase, autocommit: bool
) -> None:
    options = {"autocommit": autocommit, "application_name": "shop"}
    with ConnectionPool(pgflow_database.dsn, min_size=1, kwargs=options) as pool:
        client = Client(pool)
        run = client.start(greet_user, ALICE)
        client.start_many(greet_user, [ALICE, ALICE])
        greet(engine, run.run_id)

        output = run.wait(timeout=60)
        client.close()

        assert output == GREETED
        assert not pool.closed
    assert engine.value("select count(*) from pgflow.runs") == 3


async def test_an_async_pool_lends_its_connections(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    async def options() -> dict[str, Any]:
        return {"application_name": "shop", "autocommit": True}

    dsn = pgflow_database.dsn
    async with AsyncConnectionPool(lambda: dsn, min_size=1, kwargs=options) as pool:
        client = AsyncClient(pool)
        run = await client.start(greet_user, ALICE)
        greet(engine, run.run_id)

        output = await run.wait(timeout=60)
        await client.close()

    assert output == GREETED


def test_the_callers_way_with_rows_and_cursors_does_not_matter(
    engine: Engine, client: Client, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect(
        row_factory=dict_row, cursor_factory=psycopg.ClientCursor
    ) as connection:
        run = client.start(greet_user, ALICE, connection=connection)

    assert run.input == ALICE
