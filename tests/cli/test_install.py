from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgflow import schema
from tests.support.commands import CommandLine


@pytest.fixture
def cli(bare_cli: CommandLine, empty_database: str, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line, with a database without the engine in the environment."""
    monkeypatch.setenv("PGFLOW_DATABASE_URL", empty_database)
    return bare_cli


def test_the_engine_is_installed_once(cli: CommandLine) -> None:
    first, second = cli("install").output, cli("install").output

    assert first == f"✓ Engine {schema.ENGINE_VERSION} installed\n"
    assert second == f"✓ Engine {schema.ENGINE_VERSION} is in place, nothing to do\n"


def test_older_functions_are_replaced(cli: CommandLine, empty_database: str) -> None:
    cli("install")
    with psycopg.connect(empty_database) as connection:
        connection.execute("update pgflow.installation set functions_sha256 = 'older'")

    assert cli("install").output == (
        f"✓ Engine {schema.ENGINE_VERSION}: functions and views are up to date now\n"
    )


def test_json_says_what_was_done(cli: CommandLine) -> None:
    done = cli("install", "--json").json

    assert done["previous_version"] is None
    assert done["changed"] is True


def test_roles_are_made_on_demand(cli: CommandLine, empty_database: str) -> None:
    shown = cli("install", "--roles").output

    assert "✓ Roles pgflow_viewer, pgflow_client, pgflow_worker are in place" in shown
    with psycopg.connect(empty_database) as connection:
        [granted] = connection.execute(
            "select has_table_privilege('pgflow_viewer', 'pgflow.runs', 'select')"
        ).fetchone() or [None]
    assert granted is True


def test_what_is_printed_can_be_run(cli: CommandLine, empty_database: str) -> None:
    script = cli("install", "--print", "--roles").output

    with psycopg.connect(empty_database, autocommit=True) as connection:
        schema.install_pgmq(connection)
        connection.execute(script.encode(), prepare=False)

    assert cli("install").output.endswith("is in place, nothing to do\n")


def test_printing_needs_no_database(bare_cli: CommandLine) -> None:
    script = bare_cli("install", "--print").output

    assert schema.compose() in script


def test_no_database_is_an_error_that_names_all_ways(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("install")

    assert "PGFLOW_DATABASE_URL, EDGE_WORKER_DB_URL, DATABASE_URL" in said
    assert "start the embedded one with: pgflow db start" in said


def test_who_may_not_create_schemas_is_told_who_can(
    bare_cli: CommandLine, empty_database: str
) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("drop role if exists installs_nothing")
        connection.execute("create role installs_nothing login")
    url = make_conninfo(empty_database, user="installs_nothing")

    said = bare_cli.refused("install", "--database-url", url)

    assert said.startswith("Error: cannot install the engine: permission denied for database ")
    assert said.endswith(". Let the owner of the database run: pgflow install\n")


def test_a_server_that_does_not_answer_is_one_sentence_and_a_cure(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("install", "--database-url", "postgresql://127.0.0.1:1/none")

    assert said.count("\n") == 1
    assert "Connection refused" in said
    assert said.endswith("Look at the database URL and whether the server runs\n")
