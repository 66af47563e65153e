from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.flow_spec import single


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A fresh database with the engine in it, and a hand on its SQL."""
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    engine.close()


@pytest.fixture
def task(engine: Engine) -> dict[str, Any]:
    """A task that a worker has claimed."""
    engine.flow(single("a"))
    engine.start()
    worker_id = engine.worker()
    (task,) = engine.claim(worker_id)
    return {**task, "worker_id": worker_id}
