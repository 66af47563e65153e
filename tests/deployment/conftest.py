from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgflow.environment import (
    COMPILATION_VARIABLE,
    ENVIRONMENT_VARIABLE,
    HOSTED_MARKERS,
    REQUIRE_MIGRATIONS_VARIABLE,
    URL_VARIABLES,
)
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

SETTINGS = (COMPILATION_VARIABLE, REQUIRE_MIGRATIONS_VARIABLE, ENVIRONMENT_VARIABLE)


@pytest.fixture(autouse=True)
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local environment: nothing is set, and no project is here."""
    for variable in (*URL_VARIABLES, *HOSTED_MARKERS, *SETTINGS):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A hand on the SQL of this test's database."""
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    engine.close()
