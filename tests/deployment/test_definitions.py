"""What the database tells of a stored flow, and how it guards it while it is replaced."""

from __future__ import annotations

import json

import psycopg
import pytest

from pgflow.definition.shape import FlowOptions, FlowShape
from pgflow.deployment.compilation import connected, deployed_shapes
from pgflow.deployment.migration import Migration
from pgflow.testing import PgflowDatabase
from tests.deployment.flows import EVERYTHING, grown, plain
from tests.support.engine import Engine
from tests.support.rivals import rivals_on, until_blocked


def create(engine: Engine, shape: FlowShape, *, replaces: bool = False) -> None:
    engine.connection.execute(str(Migration(shape, replaces=replaces)).encode())


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

    with rivals_on(pgflow_database.dsn) as join:
        starter, rival = join(), join()
        run_id = starter.begins(lambda e: e.start("my_flow"))
        replaced = rival.sends(lambda e: create(e, grown().shape(), replaces=True))
        until_blocked(engine, rival, starter)
        starter.commits()

        with pytest.raises(psycopg.Error, match="1 of its runs are unfinished"):
            replaced.result()

    assert engine.run(run_id)["status"] == "started"


def test_two_migrations_at_once_create_the_flow_once(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    with rivals_on(pgflow_database.dsn) as join:
        first, rival = join(), join()
        first.begins(lambda e: create(e, plain().shape()))
        second = rival.sends(lambda e: create(e, plain().shape()))
        until_blocked(engine, rival, first)
        first.commits()
        second.result()

    assert engine.value("select count(*) from pgflow.steps") == 2


def test_the_shape_in_a_migration_is_that_of_the_flow() -> None:
    text = str(Migration(EVERYTHING))

    literal = text.partition("('f', '")[2].partition("');\nEXECUTE")[0]
    assert json.loads(literal.replace("''", "'")) == EVERYTHING.to_json()
