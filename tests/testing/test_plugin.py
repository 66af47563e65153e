"""The plugin as the pytest of a user's project sees it: each test here runs one of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from pgflow.embedded import find_binaries
from pgflow.testing.server import ScratchServer, quick_place
from tests.support.eventually import eventually

USES_A_DATABASE = """
    def test_it_has_the_engine(pgflow_database):
        with pgflow_database.connect() as connection:
            connection.execute("select from pgflow.runs")
"""
WRITES_ITS_SERVER = """
    import pytest

    @pytest.mark.parametrize("number", range(8))
    def test_server(pgflow_server, number):
        with pgflow_server.clone(), open("servers", "a") as servers:
            print(pgflow_server.url, file=servers)
"""
# Other people's plugins, which take a second to load.
WITHOUT = ("-p", "no:hypothesispytest", "-p", "no:playwright")


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the inner run has whatever is temporary, and so what it leaves behind."""
    for variable in ("PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS", "PGFLOW_TEST_SERVER_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("PGFLOW_TEST_SERVER_BIN", raising=False)
    with TemporaryDirectory(prefix="plugin-", dir=quick_place()) as directory:
        Path(directory).chmod(0o711)
        monkeypatch.setenv("TMPDIR", directory)
        yield Path(directory)


def leftovers(place: Path) -> list[Path]:
    return list(place.glob("pgflow-*"))


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *WITHOUT, *options)


def test_a_suite_that_asks_for_no_database_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert "psycopg" not in sys.modules
            assert "pgflow.testing.server" not in sys.modules
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=1)


@pytest.mark.slow
def test_the_processes_of_a_run_share_one_server_that_is_gone_after_it(
    pytester: pytest.Pytester, place: Path
) -> None:
    pytester.makepyfile(WRITES_ITS_SERVER)

    result = run(pytester, "-n", "2")

    result.assert_outcomes(passed=8)
    assert len(set((pytester.path / "servers").read_text().split("\n"))) == 2  # and an empty line
    eventually(lambda: not leftovers(place))


@pytest.mark.slow
def test_the_server_is_gone_after_a_run_that_was_killed(
    pytester: pytest.Pytester, place: Path
) -> None:
    pytester.makepyfile(
        """
        import os, signal

        def test_killed(pgflow_server):
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )

    result = run(pytester)

    assert result.ret == -signal.SIGKILL
    eventually(lambda: not leftovers(place))


@pytest.mark.slow
def test_a_server_is_booted_from_a_directory(pytester: pytest.Pytester, place: Path) -> None:
    pytester.makepyfile(USES_A_DATABASE)

    result = run(pytester, "--pgflow-server-bin", str(find_binaries()))

    result.assert_outcomes(passed=1)
    eventually(lambda: not leftovers(place))


@pytest.mark.slow
def test_a_borrowed_server_is_left_as_it_was(
    pytester: pytest.Pytester, place: Path, pgflow_server: ScratchServer
) -> None:
    pytester.makepyfile(USES_A_DATABASE)

    result = run(pytester, "-n", "2", "--pgflow-server-url", pgflow_server.url)

    result.assert_outcomes(passed=1)
    assert strangers(pgflow_server) == set()
    assert not leftovers(place)


def strangers(server: ScratchServer) -> set[str]:
    """The test databases on a server that are not made by this run."""
    with psycopg.connect(server.url) as connection:
        rows = connection.execute(
            "select datname from pg_database where starts_with(datname, 'pgflow_')"
        ).fetchall()
    return {name for (name,) in rows if not name.startswith(server.prefix)}
