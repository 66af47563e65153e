"""What a client says when the database is not there, or not as it should be."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from pgflow.client import AsyncClient, Client
from pgflow.errors import (
    DatabaseUnavailable,
    DatabaseUrlMissing,
    DeploymentError,
    EngineMissing,
)
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.greeter import ALICE, greet_user

CURE = "Look at the database URL and whether the server runs, then try again"


def refusal(url: str) -> str:
    """What a start says that finds the database unavailable; both clients say the same."""
    with Client(url) as client, pytest.raises(DatabaseUnavailable) as refused:
        client.start(greet_user, ALICE)
    return str(refused.value)


def test_a_server_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    message = refusal(f"postgresql://app:secret@/shop?host={tmp_path}")

    assert message.startswith("the database cannot be reached: connection to server on socket ")
    assert "No such file or directory" in message
    assert message.endswith(CURE)
    assert "secret" not in message


async def test_the_async_client_says_the_same(tmp_path: Path) -> None:
    url = f"postgresql://app:secret@/shop?host={tmp_path}"

    async with AsyncClient(url) as client:
        with pytest.raises(DatabaseUnavailable) as refused:
            await client.start(greet_user, ALICE)

    assert str(refused.value) == refusal(url)


def test_a_database_that_does_not_exist_is_named(pgflow_database: PgflowDatabase) -> None:
    message = refusal(make_conninfo(pgflow_database.dsn, dbname="shop"))

    assert 'database "shop" does not exist' in message
    assert message.endswith(CURE)


def test_a_role_that_may_not_log_in_is_named(
    pgflow_database: PgflowDatabase, connection: psycopg.Connection
) -> None:
    connection.execute("create role barred_clerk nologin")
    try:
        message = refusal(make_conninfo(pgflow_database.dsn, user="barred_clerk"))
    finally:
        connection.execute("drop role barred_clerk")

    assert 'role "barred_clerk" is not permitted to log in' in message
    assert message.endswith(CURE)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:se cret@host/shop",
        "host=here secret",
        "postgresql://app:secret@[host/shop",
        "postgresql://app:secret@host/shop?sslmode",
    ],
)
def test_a_url_that_cannot_be_read_is_not_quoted(url: str) -> None:
    assert refusal(url) == (
        "the database URL (given explicitly) cannot be read. "
        "Expected postgresql://user:password@host:port/database"
    )


def test_a_parameter_that_does_not_exist_is_named() -> None:
    assert refusal("postgresql://app:secret@host/shop?sslmode=require&foo=bar") == (
        "the database URL (given explicitly) has a parameter 'foo', which PostgreSQL does not "
        "know. Mend it, or leave it out"
    )


@pytest.mark.parametrize(
    "url", ["postgresql://app:a?secret=1@host/shop", "host=here password=a secret=1"]
)
def test_what_may_be_a_part_of_a_password_is_not_named(url: str) -> None:
    assert "secret" not in refusal(url)


def test_another_kind_of_database_is_refused() -> None:
    assert refusal("mysql://app:secret@host/shop") == (
        "the database URL names a 'mysql' database, expected postgresql://"
    )


def test_a_client_without_a_url_names_every_place_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("PGFLOW_DATABASE_URL", "EDGE_WORKER_DB_URL", "DATABASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)

    with Client() as client, pytest.raises(DatabaseUrlMissing) as missing:
        client.start(greet_user, ALICE)

    assert str(missing.value).startswith(
        "no database is named: none of PGFLOW_DATABASE_URL, EDGE_WORKER_DB_URL, DATABASE_URL is "
        "set, and the project's embedded database does not run"
    )


def test_a_client_without_a_url_takes_it_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)

    with Client() as client:
        run = client.start(greet_user, ALICE)

    assert engine.run(run.run_id)["status"] == "started"


def test_a_database_without_the_engine_says_how_to_install_it(empty_database: str) -> None:
    cure = "Install it with `pgflow install`"

    with Client(empty_database) as client:
        with pytest.raises(EngineMissing) as starting:
            client.start(greet_user, ALICE)
        with pytest.raises(EngineMissing) as listing:
            client.list_runs()

    missing = "the database has no pgflow engine, or an old one: "
    expected = f'{missing}schema "pgflow" does not exist. {cure}'
    assert str(starting.value) == expected
    assert str(listing.value) == f'{missing}relation "pgflow.runs" does not exist. {cure}'


def test_an_engine_that_lacks_a_function_is_old(client: Client, engine: Engine) -> None:
    engine.do("drop function pgflow.start_flows")

    with pytest.raises(EngineMissing) as missing:
        client.start(greet_user, ALICE)

    message = str(missing.value)
    assert message.startswith(
        "the database has no pgflow engine, or an old one: function pgflow.start_flows("
    )


def test_a_user_without_rights_learns_how_to_get_them(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.do("create role clerk login")
    try:
        url = make_conninfo(pgflow_database.dsn, user="clerk")
        with Client(url) as client, pytest.raises(DeploymentError) as forbidden:
            client.start(greet_user, ALICE)
    finally:
        engine.do("drop role clerk")

    assert str(forbidden.value) == (
        "permission denied for schema pgflow. Grant the user of the database URL pgflow_viewer to "
        "read, pgflow_client to start and steer runs too, or pgflow_worker to work, which "
        "`pgflow install --roles` makes; all else is for the owner of the engine"
    )


def test_a_connection_that_is_lost_is_told(client: Client, engine: Engine) -> None:
    with psycopg.connect(engine.connection.info.dsn) as connection:
        engine.do("select pg_terminate_backend(%(pid)s)", pid=connection.info.backend_pid)

        with pytest.raises(DatabaseUnavailable) as lost:
            client.start(greet_user, ALICE, connection=connection)

    assert str(lost.value) == (
        "the connection to the database was lost: terminating connection due to administrator "
        "command. Try again; a start that bears a run_id is never done twice"
    )


def test_a_standby_takes_no_start(client: Client, pgflow_database: PgflowDatabase) -> None:
    with pgflow_database.connect() as connection:
        connection.read_only = True

        with pytest.raises(DatabaseUnavailable) as refused:
            client.start(greet_user, ALICE, connection=connection)

    message = str(refused.value)
    assert message.startswith("the database takes no changes here: cannot execute ")
    assert message.endswith(
        "Look whether the database URL leads to a standby, or the transaction is read-only"
    )


def test_a_pool_that_has_no_connection_left_is_told(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    with (
        ConnectionPool(pgflow_database.dsn, min_size=1, timeout=0.05) as pool,
        pool.connection(timeout=60),
        Client(pool) as client,
        pytest.raises(DatabaseUnavailable) as exhausted,
    ):
        client.start_many(greet_user, [ALICE])

    assert "couldn't get a connection after 0.05 sec" in str(exhausted.value)
