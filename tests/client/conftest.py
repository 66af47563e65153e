from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from pgflow.client import AsyncClient, Client
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.greeter import greet_user, register


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A hand on the SQL of this test's database, in which `greet_user` is registered."""
    engine = Engine.connect(pgflow_database.dsn)
    register(engine, greet_user)
    yield engine
    engine.close()


@pytest.fixture
def client(engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[Client]:
    with Client(pgflow_database.dsn) as client:
        yield client


@pytest.fixture
async def async_client(
    engine: Engine, pgflow_database: PgflowDatabase
) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(pgflow_database.dsn) as client:
        yield client
