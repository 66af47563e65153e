from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from pgflow.testing import PgflowDatabase
from pgflow.testing.server import ScratchServer, quick_place
from tests.support.project import Project

# Its assertions are read in failures like those of a test; any test may import it first.
pytest.register_assert_rewrite("tests.support.player")


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
def project() -> Iterator[Project]:
    """An empty project directory; its embedded database is removed at the end."""
    with TemporaryDirectory(prefix="project-", dir=quick_place()) as directory:
        project = Project(Path(directory))
        yield project
        project.remove_database()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Reports are sent between processes as UTF-8, which a captured lone surrogate is not."""
    report = yield
    report.sections = [
        (title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections
    ]
    return report
