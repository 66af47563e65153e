from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgflow.environment import ENVIRONMENT_VARIABLE, HOSTED_MARKERS, URL_VARIABLES
from pgflow.testing import PgflowDatabase
from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine
from tests.support.greeter import greet_user, register
from tests.support.jsonb import Json


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A hand on the SQL of this test's database."""
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    engine.close()


@pytest.fixture
def bare_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line in an empty directory, with nothing in the environment."""
    for variable in (*URL_VARIABLES, *HOSTED_MARKERS, ENVIRONMENT_VARIABLE, "NO_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    return CommandLine()


@pytest.fixture
def cli(
    bare_cli: CommandLine, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """The command line, with this test's database in the environment."""
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)
    return bare_cli


@pytest.fixture
def greeting_engine(engine: Engine) -> Engine:
    """The same, with the flow greet_user registered."""
    register(engine, greet_user)
    return engine


@pytest.fixture
def start_greeting(greeting_engine: Engine) -> Start:
    """Starts a run of greet_user."""
    person: Json = {"first_name": "Alice", "last_name": "Smith"}
    return lambda: greeting_engine.start("greet_user", person)
