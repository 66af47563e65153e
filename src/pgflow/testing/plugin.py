"""The pytest plugin: a fresh database with pgflow installed for each test that asks for one.

Every pytest run of every project that has pgflow installed imports this module, so it imports
nothing else.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pgflow.testing.database import PgflowDatabase
    from pgflow.testing.server import ScratchServer


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the tests find their PostgreSQL, when it is not the embedded one."""
    group = parser.getgroup("pgflow")
    group.addoption(
        "--pgflow-server-url",
        default=os.environ.get("PGFLOW_TEST_SERVER_URL"),
        metavar="URL",
        help="make the tests' databases on this server (or set PGFLOW_TEST_SERVER_URL)",
    )
    group.addoption(
        "--pgflow-server-bin",
        default=os.environ.get("PGFLOW_TEST_SERVER_BIN"),
        metavar="DIR",
        help="boot the tests' server from the PostgreSQL programs in this directory "
        "(or set PGFLOW_TEST_SERVER_BIN)",
    )


@pytest.fixture(scope="session")
def pgflow_server(request: pytest.FixtureRequest) -> Iterator[ScratchServer]:
    """The server of this test run: embedded and thrown away, unless an option names another."""
    with _server(request.config) as server:
        yield server


@pytest.fixture
def pgflow_database(pgflow_server: ScratchServer) -> Iterator[PgflowDatabase]:
    """A fresh database with pgflow installed, for one test."""
    from pgflow.testing.database import PgflowDatabase

    with pgflow_server.clone() as dsn, contextlib.closing(PgflowDatabase(dsn)) as database:
        yield database


def _server(config: pytest.Config) -> contextlib.AbstractContextManager[ScratchServer]:
    from pathlib import Path

    from pgflow.embedded import find_binaries
    from pgflow.testing.server import TestRun, borrowed_server, throw_away_server

    url, binaries = config.getoption("--pgflow-server-url"), config.getoption("--pgflow-server-bin")
    if url:
        return borrowed_server(TestRun.current(), url)
    provider = (lambda: Path(binaries)) if binaries else find_binaries
    return throw_away_server(TestRun.current(), provider)
