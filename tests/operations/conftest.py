from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A hand on the SQL of this test's database."""
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    engine.close()
