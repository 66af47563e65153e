from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pgflow.embedded import find_binaries
from pgflow.testing import PgflowDatabase
from pgflow.testing.server import quick_place
from tests.support import fault_flows
from tests.support.engine import Engine
from tests.support.figures import Tell, telling
from tests.support.invariants import assert_sound
from tests.support.mortal_server import MortalServer
from tests.support.worker_process import Crew, crew_on


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """A fresh database; at the end of the test it contains no contradiction."""
    engine = Engine.connect(pgflow_database.dsn)
    fault_flows.prepare(engine)
    yield engine
    assert_sound(engine)
    engine.close()


@pytest.fixture
def crew(engine: Engine, pgflow_database: PgflowDatabase, tmp_path: Path) -> Iterator[Crew]:
    """Starts worker processes on that database."""
    with crew_on(pgflow_database.dsn, tmp_path) as crew:
        yield crew


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory for servers, open to the account that they run under."""
    with TemporaryDirectory(prefix="mortal-", dir=quick_place()) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def server(place: Path, request: pytest.FixtureRequest) -> Iterator[MortalServer]:
    """A server that this test may do anything to."""
    programs = request.config.getoption("--pgflow-server-bin")
    server = MortalServer.boot(place / "server", Path(programs) if programs else find_binaries())
    yield server
    server.remove()


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str]) -> Tell:
    """Says what was measured to whoever runs the tests."""
    return telling(capfd)
