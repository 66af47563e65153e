"""The one PostgreSQL that everything is measured on."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.embedded import find_binaries
from pgflow.embedded.cluster import Cluster

# Durability as in production, and memory as on a small server.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": "1GB",
        "max_wal_size": "4GB",
        "max_connections": "200",
        "track_functions": "none",
    }
)


@dataclass(frozen=True, slots=True)
class BenchServer:
    """An embedded server with the settings of the benchmarks; each measurement has its database."""

    url: str
    data: Path
    numbers: count[int] = field(default_factory=count)

    @contextlib.contextmanager
    def database(self) -> Generator[str]:
        """The URL of an empty database, dropped after the block."""
        name = f"bench_{os.getpid()}_{next(self.numbers)}"
        self._execute("create database {}", name)
        try:
            yield make_conninfo(self.url, dbname=name)
        finally:
            self._execute("drop database {} with (force)", name)
            # What one measurement leaves to be written must not be written during the next.
            self._execute("checkpoint")

    def switch_off_autovacuum(self) -> None:
        """Until the server ends."""
        self._execute("alter system set autovacuum = off")
        self._execute("select pg_reload_conf()")

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            text = sql.SQL(statement)  # pyright: ignore[reportArgumentType]
            connection.execute(text.format(*map(sql.Identifier, names)))


@contextlib.contextmanager
def bench_server(settings: Mapping[str, str] = SETTINGS) -> Generator[BenchServer]:
    """Boots a server on the disk of the temporary directory, and removes it after the block."""
    with tempfile.TemporaryDirectory(prefix="pgflow-bench-") as directory:
        Path(directory).chmod(0o755)
        cluster = Cluster(Path(directory) / "postgres", find_binaries, settings)
        cluster.create()
        cluster.start()
        try:
            yield BenchServer(cluster.url(), cluster.data)
        finally:
            cluster.remove()
