from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from pgflow.embedded import EmbeddedDatabase
from tests.support.commands import CommandLine
from tests.support.project import Project


@pytest.fixture
def cli(bare_cli: CommandLine, project: Project, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line in a project."""
    project.write("pyproject.toml", "")
    monkeypatch.chdir(project.directory)
    return bare_cli


def test_no_database_runs_at_first(cli: CommandLine, project: Project) -> None:
    said = cli.refused("db", "url")

    assert said == (
        f"Error: the database in {project.directory / '.pgflow'} does not run. "
        "Start it with: pgflow db start\n"
    )
    assert cli("db", "stop").output == "✓ The database does not run\n"


def test_a_database_lives_from_start_to_reset(cli: CommandLine, project: Project) -> None:
    url = cli("db", "start").output.strip()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table kept ()")

    assert cli("db", "url").output.strip() == url
    assert query("select count(*) from kept") == "0\n"
    assert "Engine" in cli("install").output

    assert cli("db", "stop").output == "✓ The database is stopped\n"
    cli("db", "start")
    assert query("select count(*) from kept") == "0\n"

    assert cli.refused("db", "reset", input="n\n") == "Aborted!\n"
    assert cli("db", "reset", input="y\n").output.endswith("the next start makes a new one\n")
    assert not EmbeddedDatabase(project.directory / ".pgflow").cluster.exists


def query(sql: str) -> str:
    """What psql answers."""
    command = [sys.executable, "-m", "pgflow", "db", "psql", "-XAtc", sql]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
