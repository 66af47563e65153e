from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.testing import PgflowDatabase
from tests.migrations import engines
from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine


def findings(shown: str, subject: str) -> list[str]:
    return [line for line in shown.splitlines() if f" {subject}: " in line]


def test_a_sound_database_has_nothing_to_complain_of(cli: CommandLine, engine: Engine) -> None:
    shown = cli("doctor").output

    assert "✗" not in shown
    assert findings(shown, "server")[0].startswith("✓ server: PostgreSQL ")
    assert findings(shown, "connection") == [
        "✓ connection: direct: workers and waiters are notified"
    ]
    assert findings(shown, "privileges") == [
        "✓ privileges: this user may read and start runs and work"
    ]
    assert findings(shown, "data") == [
        "✓ data: runs, steps, tasks and queues agree with each other"
    ]


def test_a_server_without_fsync_is_warned_of(cli: CommandLine, engine: Engine) -> None:
    durable = engine.value("show fsync") == "on"

    assert ("fsync is off: a crash may lose" in cli("doctor").output) is not durable


def test_work_without_a_worker_is_told(cli: CommandLine, start_greeting: Start) -> None:
    start_greeting()

    shown = cli("doctor").output

    assert "✓ queues: 1 task due in 1 flow\n" in shown
    assert "! queues: flow 'greet_user' has 1 task due since" in shown
    assert "and no worker. Start one with: pgflow worker FLOWS" in shown


def test_a_dead_worker_is_told(cli: CommandLine, engine: Engine) -> None:
    worker_id = engine.worker("host:7")
    engine.advance(60)

    assert f"! workers: worker {worker_id} (host:7) is dead since" in cli("doctor").output


def test_a_contradiction_is_a_problem(
    cli: CommandLine, greeting_engine: Engine, start_greeting: Start
) -> None:
    start_greeting()
    greeting_engine.do("update pgflow.runs set remaining_steps = 9")

    answer = cli.attempt("doctor")

    assert answer.exit_code == 1
    assert "✗ data: broken rule: a run counts its remaining steps. run " in answer.output


def test_json_has_the_findings(cli: CommandLine, engine: Engine) -> None:
    shown = cli("doctor", "--json").json

    assert {"level", "subject", "text", "cure"} == set(shown[0])
    assert {finding["level"] for finding in shown} <= {"ok", "warning"}


def test_a_database_without_the_engine_is_told_how_to_get_it(
    bare_cli: CommandLine, empty_database: str
) -> None:
    answer = bare_cli.attempt("doctor", "--database-url", empty_database)

    assert answer.exit_code == 1
    assert "✗ engine: it is not installed. Install it with: pgflow install" in answer.output


def test_an_old_engine_is_told_with_its_cure(bare_cli: CommandLine, empty_database: str) -> None:
    engines.install(empty_database, "0001")

    answer = bare_cli.attempt("doctor", "--database-url", empty_database)

    assert answer.exit_code == 1
    assert "✗ engine: the engine is too old: schema 1 in the database" in answer.output
    assert answer.output.endswith("Upgrade it with: pgflow install\n")


def test_half_an_engine_is_told(
    bare_cli: CommandLine, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.do("delete from pgflow.installation")

    answer = bare_cli.attempt("doctor", "--database-url", pgflow_database.dsn)

    assert answer.exit_code == 1
    assert (
        "✗ engine: only a part of it is installed: pgflow.installation has no row. "
        "Install the rest with: pgflow install" in answer.output
    )


def test_a_schema_of_that_name_is_no_engine(bare_cli: CommandLine, empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("create schema pgflow")

    answer = bare_cli.attempt("doctor", "--database-url", empty_database)

    assert answer.exit_code == 1
    assert "✗ engine: it is not installed. Install it with: pgflow install" in answer.output


@pytest.fixture
def stranger(pgflow_database: PgflowDatabase, engine: Engine) -> str:
    """A user who was granted nothing."""
    name = sql.Identifier("stranger_of_doctor")
    with psycopg.connect(pgflow_database.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("drop role if exists {}").format(name))
        connection.execute(sql.SQL("create role {} login").format(name))
    return make_conninfo(pgflow_database.dsn, user="stranger_of_doctor")


def test_a_user_without_rights_is_told_which_role_helps(
    bare_cli: CommandLine, stranger: str
) -> None:
    answer = bare_cli.attempt("doctor", "--database-url", stranger)

    assert answer.exit_code == 1
    assert (
        "✗ privileges: user 'stranger_of_doctor' may not use schema pgflow. Run `pgflow install "
        "--roles`, and grant one of the roles to stranger_of_doctor" in answer.output
    )
