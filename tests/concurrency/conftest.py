from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.figures import Tell, telling
from tests.support.invariants import assert_sound
from tests.support.rivals import Rival, rivals_on


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A fresh database and a hand on its SQL; no contradiction may be left in it at the end."""
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    assert_sound(engine)
    engine.close()


@pytest.fixture
def rival(pgflow_database: PgflowDatabase, engine: Engine) -> Iterator[Callable[[], Rival]]:
    """Makes further sessions on the same database."""
    with rivals_on(pgflow_database.dsn) as join:
        yield join


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Tell:
    """Says what was measured to whoever runs the tests."""
    return telling(capfd)
