from __future__ import annotations

import psycopg
import pytest

from pgflow.testing import PgflowDatabase
from pgflow.testing.server import ScratchServer


def test_the_database_has_the_engine(connection: psycopg.Connection) -> None:
    found = connection.execute("select to_regclass('pgflow.runs') is not null").fetchone()

    assert found == (True,)


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_has_a_database_for_itself(connection: psycopg.Connection, turn: str) -> None:
    connection.execute("create table mine as select %s::text as turn", [turn])

    assert connection.execute("select turn from mine").fetchall() == [(turn,)]


def test_an_empty_database_has_nothing(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        found = connection.execute("select to_regnamespace('pgflow')").fetchone()

    assert found == (None,)


def test_a_connection_takes_the_options_of_psycopg(pgflow_database: PgflowDatabase) -> None:
    with pgflow_database.connect(autocommit=True, application_name="shop") as connection:
        assert connection.autocommit
        assert connection.execute("show application_name").fetchone() == ("shop",)


def test_a_database_goes_although_somebody_is_connected(pgflow_server: ScratchServer) -> None:
    with pgflow_server.clone() as url:
        forgotten = psycopg.connect(url)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    forgotten.close()


def test_time_can_be_advanced(
    pgflow_database: PgflowDatabase, connection: psycopg.Connection
) -> None:
    connection.execute("select pgflow.create_flow('shop'), pgflow.start_flow('shop', '{}')")

    pgflow_database.advance(90)

    age = connection.execute("select extract(epoch from now() - started_at) from pgflow.runs")
    assert 90 <= age.fetchall()[0][0] < 120


def test_the_client_talks_to_the_same_database(
    pgflow_database: PgflowDatabase, connection: psycopg.Connection
) -> None:
    connection.execute("select pgflow.create_flow('shop')")

    run = pgflow_database.client.start("shop", {})

    found = connection.execute("select run_id from pgflow.runs").fetchall()
    assert found == [(run.run_id,)]
