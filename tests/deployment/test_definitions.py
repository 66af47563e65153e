"""What the database tells of a stored flow, and how it guards it while it is replaced."""

from __future__ import annotations

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest

from pgflow.definition.shape import FlowOptions, FlowShape
from pgflow.deployment.compilation import connected, deployed_shapes
from pgflow.deployment.migration import Migration
from pgflow.testing import PgflowDatabase
from tests.deployment.flows import EVERYTHING, grown, plain
from tests.support.engine import Engine
from tests.support.eventually import eventually


def create(engine: Engine, shape: FlowShape) -> None:
    engine.connection.execute(str(Migration(shape)).encode())


async def test_a_stored_flow_is_told_with_its_options(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    create(engine, EVERYTHING)

    async with connected(pgflow_database.dsn) as connection:
        [stored] = await deployed_shapes(connection, ["f"])

    assert stored is not None
    assert stored.to_json() == EVERYTHING.to_json()


async def test_defaults_are_told_of_the_flow_and_not_of_its_steps(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    create(engine, plain().shape())

    async with connected(pgflow_database.dsn) as connection:
        [stored] = await deployed_shapes(connection, ["my_flow"])

    assert stored is not None
    assert stored.options == FlowOptions(max_attempts=3, base_delay=5, timeout=60)
    assert not stored.diff(plain().shape())


async def test_an_unknown_flow_has_no_definition(pgflow_database: PgflowDatabase) -> None:
    async with connected(pgflow_database.dsn) as connection:
        assert await deployed_shapes(connection, ["nowhere"]) == [None]


def test_a_run_that_is_being_started_is_not_lost_by_a_replacement(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    create(engine, plain().shape())
    replacement = str(Migration(grown().shape(), replaces=True))

    with second_session(pgflow_database) as rival, ThreadPoolExecutor(1) as pool:
        with engine.connection.transaction():
            run_id = engine.start("my_flow")
            replaced = pool.submit(rival.execute, replacement.encode())
            eventually(lambda: waits_for(engine, rival))

        with pytest.raises(psycopg.Error, match="1 of its runs are unfinished"):
            replaced.result()

    assert engine.run(run_id)["status"] == "started"


def test_two_migrations_at_once_create_the_flow_once(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    text = str(Migration(plain().shape())).encode()

    with second_session(pgflow_database) as rival, ThreadPoolExecutor(1) as pool:
        with engine.connection.transaction():
            engine.connection.execute(text)
            second = pool.submit(rival.execute, text)
            eventually(lambda: waits_for(engine, rival))
        second.result()

    assert engine.value("select count(*) from pgflow.steps") == 2


def waits_for(engine: Engine, rival: psycopg.Connection) -> bool:
    """Whether a session waits for the transaction of the engine's."""
    return engine.value(
        "select pg_backend_pid() = any(pg_blocking_pids(%(pid)s))", pid=rival.info.backend_pid
    )


@contextmanager
def second_session(database: PgflowDatabase) -> Generator[psycopg.Connection]:
    with closing(database.connect(autocommit=True)) as connection:
        yield connection


def test_the_shape_in_a_migration_is_that_of_the_flow() -> None:
    text = str(Migration(EVERYTHING))

    literal = text.partition("('f', '")[2].partition("');\nEXECUTE")[0]
    assert json.loads(literal.replace("''", "'")) == EVERYTHING.to_json()
