from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgflow.testing import PgflowDatabase
from pgflow.testing.server import ScratchServer
from tests.support.project import Project


@pytest.fixture
def empty_database(pgflow_server: ScratchServer) -> Iterator[str]:
    """The URL of a fresh database without pgflow."""
    with pgflow_server.empty() as url:
        yield url


@pytest.fixture
def connection(pgflow_database: PgflowDatabase) -> Iterator[psycopg.Connection]:
    """A connection to this test's database, in autocommit."""
    with pgflow_database.connect(autocommit=True) as connection:
        yield connection


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project directory; its embedded database is removed at the end."""
    project = Project(tmp_path)
    yield project
    project.remove_database()
