from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgflow.environment import ENVIRONMENT_VARIABLE, HOSTED_MARKERS, URL_VARIABLES
from pgflow.testing import PgflowDatabase
from tests.worker.workbench import Workbench


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine says anything about databases, secrets or stages."""
    for variable in (*URL_VARIABLES, *HOSTED_MARKERS, ENVIRONMENT_VARIABLE, "PGFLOW_AUTH_SECRET"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def bench(pgflow_database: PgflowDatabase) -> Iterator[Workbench]:
    """A fresh database with the engine in it, and a hand on its SQL."""
    bench = Workbench(pgflow_database.dsn)
    yield bench
    bench.close()
