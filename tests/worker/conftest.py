from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgflow.testing import PgflowDatabase
from tests.worker.workbench import Workbench


@pytest.fixture
def bench(pgflow_database: PgflowDatabase) -> Iterator[Workbench]:
    """A fresh database with the engine in it, and the tools to watch workers at work there."""
    bench = Workbench(pgflow_database.dsn)
    yield bench
    bench.close()
