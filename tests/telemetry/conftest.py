from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgflow.testing import PgflowDatabase
from pgflow.worker import collector
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench


@pytest.fixture
def bench(pgflow_database: PgflowDatabase) -> Iterator[Workbench]:
    """A fresh database with the engine in it, and the tools to watch workers at work there."""
    bench = Workbench(pgflow_database.dsn)
    yield bench
    bench.close()


@pytest.fixture
def watch() -> Watch:
    """Somebody to whom everything is exported."""
    return Watch()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are collected at once, and so are those that others have left."""
    monkeypatch.setattr(collector, "INTERVAL", 0.02)
    monkeypatch.setattr(collector, "SWEEP", 0.05)
