from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pgflow.development.studio import Studio
from pgflow.environment import (
    ENVIRONMENT_VARIABLE,
    HOSTED_MARKERS,
    URL_VARIABLES,
    DatabaseUrl,
)
from pgflow.testing import PgflowDatabase
from pgflow.web.serving import Address
from tests.dev.desk import Desk
from tests.support.engine import Engine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

FLOWS = """
from pgflow import Flow
from words import GREETING

greet = Flow("greet", input=str, timeout=30)

@greet.step()
def greeting(name: str) -> str:
    return f"{GREETING}, {name}!"
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tidy_imports: None) -> Path:
    """A project with a flow and a module that it imports, on a laptop."""
    for variable in (*URL_VARIABLES, *HOSTED_MARKERS, ENVIRONMENT_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "words.py").write_text('GREETING = "Hello"\n')
    return tmp_path


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A hand on the SQL of this test's database."""
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    engine.close()


@pytest.fixture
async def desk(project: Path, pgflow_database: PgflowDatabase) -> AsyncIterator[Desk]:
    """What a developer has before him while `pgflow dev` runs."""
    address = Address.reserve(0)
    said: list[str] = []
    database = DatabaseUrl(pgflow_database.dsn, "given by the test")
    studio = Studio(["flows.py"], database, address, said.append)
    running = asyncio.create_task(studio.run())
    async with Desk.at(address, project, said) as desk:
        yield desk
        studio.stop()
        await running
