from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest

from pgflow import schema
from pgflow.roles import install_roles
from pgflow.testing import PgflowDatabase
from tests.migrations import engines
from tests.migrations.catalog import describe
from tests.support.engine import Engine

LOCK = Path(schema.__file__).parent / "sql" / "migrations" / "migrations.lock"


@pytest.mark.parametrize("released", engines.RELEASED)
def test_an_upgraded_engine_equals_a_fresh_one(
    empty_database: str, pgflow_database: PgflowDatabase, released: str
) -> None:
    engines.install(empty_database, released)

    installation = schema.install(empty_database)

    assert installation.previous_version is not None
    # Roles belong to the whole server: where another test has made them, what is installed later
    # has its grants and what was before has not.
    install_roles(empty_database)
    install_roles(pgflow_database.dsn)
    assert describe(empty_database) == describe(pgflow_database.dsn)


@pytest.mark.parametrize("released", engines.RELEASED)
def test_a_run_in_flight_survives_the_upgrade(empty_database: str, released: str) -> None:
    engines.install(empty_database, released)
    with contextlib.closing(Engine.connect(empty_database)) as engine:
        engine.do("select pgflow.create_flow('order')")
        engine.do("select pgflow.add_step('order', 'pay')")
        engine.do("select pgflow.add_step('order', 'ship', array['pay'])")
        run = engine.start("order", {"id": 7})
        engine.start_step(run, "pay")

        schema.install(empty_database)

        engine.complete(run, "pay", {"paid": True})
        engine.finish(run, "ship", "done")
        assert engine.run(run)["status"] == "completed"
        assert engine.run(run)["output"] == {"ship": "done"}


def test_released_migrations_never_change() -> None:
    locked = dict(line.split() for line in LOCK.read_text().splitlines())

    hashes = {migration.name: migration.sha256 for migration in schema.migrations()}

    assert hashes == locked


def test_migrations_are_numbered_without_a_gap() -> None:
    numbers = [migration.number for migration in schema.migrations()]

    assert numbers == list(range(1, len(numbers) + 1))


def test_no_function_body_stands_in_a_later_migration() -> None:
    assert not [m.name for m in schema.migrations()[1:] if "$$" in m.sql]


def test_the_hash_of_a_migration_is_that_of_its_bytes() -> None:
    migration = schema.migrations()[0]

    assert migration.sha256 == hashlib.sha256(migration.sql.encode()).hexdigest()
