"""The throw-away PostgreSQL of a test run, shared by all its processes, and the databases on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import LiteralString, TextIO
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.embedded.cluster import Cluster
from pgflow.testing import reaper

# Nothing on this server must survive anything.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
        "max_wal_size": "512MB",
    }
)
CLONE_STRATEGY_SINCE = 150000

# Databases that come and go by the hundred are slow on a disk, however little is flushed: file
# systems hesitate to reuse what was just deleted. Here a database is made in 10 ms, there in 280.
MEMORY = Path("/dev/shm")  # noqa: S108  each run makes a directory of its own in it
ENOUGH_MEMORY = 2 * 1024**3


def quick_place() -> Path:
    """A directory for what comes and goes: in memory where there is plenty, unless TMPDIR says."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and _has_plenty(MEMORY):
        return MEMORY
    return Path(tempfile.gettempdir()).resolve()


def _has_plenty(memory: Path) -> bool:
    return shutil.disk_usage(memory).free >= ENOUGH_MEMORY


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run of a test suite, in one or several processes that share a directory."""

    __test__ = False

    id: str

    @classmethod
    def current(cls) -> TestRun:
        """The run that this process belongs to; the processes of pytest-xdist share one."""
        shared = os.environ.get("PYTEST_XDIST_TESTRUNUID")
        return cls((shared or uuid4().hex)[:12])

    @property
    def directory(self) -> Path:
        """Where the processes of the run meet."""
        return quick_place() / f"pgflow-{self.id}"

    @contextlib.contextmanager
    def joined(self) -> Generator[TextIO]:
        """Takes part in the run, so that its server stays for the length of the block."""
        self.directory.mkdir(mode=0o755, exist_ok=True)
        with (self.directory / "in-use").open("a") as membership:
            fcntl.flock(membership, fcntl.LOCK_SH)
            yield membership

    def leave(self, membership: TextIO) -> bool:
        """Takes part no longer; whether everybody else has left. To be called when locked."""
        try:
            fcntl.flock(membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(membership, fcntl.LOCK_UN)
            return False
        return True

    def do_once(self, name: str, work: Callable[[], object]) -> None:
        """Does a piece of work unless a process of the run has done it."""
        done = self.directory / f"{name}-is-done"
        with self.locked():
            if not done.exists():
                work()
                done.touch()

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Alone among the processes of the run."""
        with (self.directory / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True, slots=True)
class ScratchServer:
    """A server on which tests create and drop databases at will.

    Over `connection`, where there is one: to open another for each statement took a third of the
    time that a database of one's own costs.
    """

    url: str
    prefix: str
    connection: psycopg.Connection | None = None
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def template(self) -> str:
        """The name of the database that has pgflow installed and is never connected to."""
        return f"{self.prefix}_template"

    def url_of(self, database: str) -> str:
        """Where a database of this server is reached."""
        return make_conninfo(self.url, dbname=database)

    @contextlib.contextmanager
    def clone(self) -> Generator[str]:
        """The URL of a fresh database with pgflow installed, dropped after the block."""
        with self._database(self.template) as url:
            yield url

    @contextlib.contextmanager
    def empty(self) -> Generator[str]:
        """The URL of a fresh database without anything, dropped after the block."""
        with self._database("template0") as url:
            yield url

    def create_template(self) -> None:
        """Installs pgflow once, for all clones."""
        self.drop(self.template)
        self._create(self.template, "template0")
        _install_engine(self.url_of(self.template))

    def drop(self, database: str) -> None:
        """Drops a database, whoever is connected to it."""
        self._execute("drop database if exists {} with (force)", sql.Identifier(database))

    @contextlib.contextmanager
    def _database(self, template: str) -> Generator[str]:
        name = f"{self.prefix}_{os.getpid()}_{next(self.numbers)}"
        self._create(name, template)
        try:
            yield self.url_of(name)
        finally:
            self.drop(name)

    def _create(self, database: str, template: str) -> None:
        names = (sql.Identifier(database), sql.Identifier(template))
        with self._connected() as connection:
            chooses = connection.info.server_version >= CLONE_STRATEGY_SINCE
            # Quicker than the default by a sixth where nothing is flushed.
            strategy = " strategy file_copy" if chooses else ""
            connection.execute(
                sql.SQL("create database {} template {}").format(*names) + sql.SQL(strategy)
            )

    def _execute(self, statement: LiteralString, *names: sql.Identifier) -> None:
        with self._connected() as connection:
            connection.execute(sql.SQL(statement).format(*names))

    @contextlib.contextmanager
    def _connected(self) -> Generator[psycopg.Connection]:
        if self.connection is not None:
            yield self.connection
            return
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection


@contextlib.contextmanager
def throw_away_server(run: TestRun, provider: Callable[[], Path]) -> Generator[ScratchServer]:
    """A server that this run boots from the programs of a directory, and that ends with the run."""
    cluster = Cluster(run.directory / "server", provider, SETTINGS)
    with run.joined():
        run.do_once("reaper", lambda: reaper.spawn(run.directory))
        run.do_once("cluster", cluster.create)
        run.do_once("server", cluster.start)
        with _connected_to(cluster.url(), run) as server:
            run.do_once("template", server.create_template)
            yield server


@contextlib.contextmanager
def borrowed_server(run: TestRun, url: str) -> Generator[ScratchServer]:
    """A server that is there already; the run leaves nothing behind on it."""
    with _connected_to(url, run) as server, run.joined() as membership:
        run.do_once("template", server.create_template)
        try:
            yield server
        finally:
            with run.locked():
                if run.leave(membership):
                    server.drop(server.template)
                    shutil.rmtree(run.directory)


@contextlib.contextmanager
def _connected_to(url: str, run: TestRun) -> Generator[ScratchServer]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield ScratchServer(url, f"pgflow_{run.id}", connection)


def _install_engine(url: str) -> None:
    from pgflow import schema  # only tests that ask for a database pay for the engine

    schema.install(url)
    helpers = (files("pgflow") / "sql" / "testing").iterdir()
    with psycopg.connect(url) as connection:
        for file in sorted(helpers, key=lambda file: file.name):
            connection.execute(file.read_bytes())
