from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow import schema
from pgflow.errors import DatabaseUnavailable, DeploymentError, EngineMismatch
from tests.migrations import engines
from tests.migrations.catalog import describe


def test_a_fresh_database_gets_every_migration_on_its_ledger(empty_database: str) -> None:
    installation = schema.install(empty_database)

    assert installation.previous_version is None
    assert installation.applied == tuple(migration.name for migration in schema.migrations())
    with psycopg.connect(empty_database) as connection:
        ledger = connection.execute("select number, sha256 from pgflow.migrations order by 1")
        assert ledger.fetchall() == [(m.number, m.sha256) for m in schema.migrations()]


def test_a_second_install_changes_nothing(empty_database: str) -> None:
    schema.install(empty_database)
    before = describe(empty_database)

    installation = schema.install(empty_database)

    assert (installation.changed, installation.applied) == (False, ())
    assert describe(empty_database) == before


def test_what_is_printed_is_what_is_installed(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        schema.install_pgmq(connection)
        connection.execute(schema.compose().encode())
    printed = describe(empty_database)

    installation = schema.install(empty_database)

    assert installation.changed is False
    assert describe(empty_database) == printed


def test_every_function_body_is_valid(empty_database: str) -> None:
    schema.install(empty_database)

    with psycopg.connect(empty_database) as connection:
        connection.execute("set check_function_bodies to on")
        connection.execute(schema.compose_functions().encode())


def test_a_function_that_somebody_changed_is_put_back_when_the_bundle_changes(
    empty_database: str,
) -> None:
    schema.install(empty_database)
    original = describe(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            "create or replace function pgflow.is_local() returns boolean language sql stable "
            "set search_path to '' as 'select true'"
        )
        connection.execute("update pgflow.installation set functions_sha256 = 'other'")

    installation = schema.install(empty_database)

    assert installation.changed is True
    assert describe(empty_database) == original


def test_twenty_installers_at_once_all_succeed(empty_database: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        installations = list(pool.map(schema.install, [empty_database] * 20))

    assert sum(installation.changed for installation in installations) == 1


def test_the_owner_of_a_database_needs_no_superuser(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        name = connection.info.dbname
        role = sql.Identifier(f"{name}_owner")
        connection.execute(sql.SQL("create role {} login").format(role))
        connection.execute(
            sql.SQL("alter database {} owner to {}").format(sql.Identifier(name), role)
        )
    as_owner = make_conninfo(empty_database, user=f"{name}_owner")

    installation = schema.install(as_owner)

    assert installation.changed is True
    with psycopg.connect(as_owner) as connection:
        connection.execute("select pgflow.create_flow('mine'), pgflow.start_flow('mine', '{}')")
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("drop owned by {} cascade").format(role))
        connection.execute(
            sql.SQL("alter database {} owner to current_user").format(sql.Identifier(name))
        )
        connection.execute(sql.SQL("drop role {}").format(role))


def test_a_role_without_rights_is_told_what_it_lacks(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        name = connection.info.dbname
        role = sql.Identifier(f"{name}_guest")
        connection.execute(sql.SQL("create role {} login").format(role))
        as_guest = make_conninfo(empty_database, user=f"{name}_guest")

    with pytest.raises(DeploymentError) as caught:
        schema.install(as_guest)

    assert str(caught.value) == (
        f"cannot install the engine: permission denied for database {name}. "
        "Let the owner of the database run: pgflow install"
    )
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("drop role {}").format(role))


def test_a_database_that_is_away_is_named_without_its_password() -> None:
    url = "postgresql://ada:secret@127.0.0.1:1/orders"

    with pytest.raises(DatabaseUnavailable, match="cannot install the engine") as caught:
        schema.install(url)

    assert "secret" not in str(caught.value)


def test_an_engine_of_an_unreleased_build_is_refused(empty_database: str) -> None:
    schema.install(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("update pgflow.migrations set sha256 = 'edited' where number = 1")

    with pytest.raises(EngineMismatch, match="0001_initial was applied with another text"):
        schema.install(empty_database)


@pytest.fixture
def newer_engine(empty_database: str) -> str:
    """A database with an engine of tomorrow, whose functions are not ours."""
    schema.install(empty_database)
    engines.pretend_newer(empty_database, breaking=False)
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            "update pgflow.installation set functions_sha256 = 'newer', engine_version = '99.0'"
        )
    return empty_database


def test_an_older_package_leaves_a_newer_engine_as_it_is(newer_engine: str) -> None:
    installation = schema.install(newer_engine)

    assert (installation.engine_version, installation.changed) == ("99.0", False)
    with psycopg.connect(newer_engine) as connection:
        kept = connection.execute("select functions_sha256 from pgflow.installation").fetchone()
    assert kept == ("newer",)


def test_a_newer_engine_that_an_older_package_cannot_use_is_told(newer_engine: str) -> None:
    with psycopg.connect(newer_engine) as connection:
        connection.execute("update pgflow.migrations set breaking = true where name = 'future'")

    with pytest.raises(EngineMismatch, match="the engine is too new: schema "):
        schema.install(newer_engine)
