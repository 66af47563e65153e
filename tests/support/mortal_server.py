"""A PostgreSQL server that may be stopped, killed and replaced by its standby: nobody shares it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, LiteralString, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pgflow.embedded.cluster import Cluster
from pgflow.testing.server import ScratchServer
from tests.support.dying import GRACE
from tests.support.eventually import eventually

# What was committed must survive a server that is killed; that the machine crashes is not played.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "150"}
PATIENCE = 30.0


class MortalServer:
    """A cluster in a directory of its own, run with the programs in another one."""

    def __init__(self, home: Path, programs: Path) -> None:
        self._programs = programs
        self._cluster = Cluster(home, lambda: programs, SETTINGS)

    @classmethod
    def boot(cls, home: Path, programs: Path) -> Self:
        server = cls(home, programs)
        server._cluster.create()
        server.start()
        return server

    @property
    def url(self) -> str:
        return self._cluster.url()

    @property
    def socket_directory(self) -> str:
        return str(conninfo_to_dict(self.url)["host"])

    @property
    def owner(self) -> os.stat_result:
        """Who runs it: the owner of its files."""
        return self._cluster.data.stat()

    def databases(self) -> ScratchServer:
        """Makes databases on it."""
        return ScratchServer(self.url, "mortal")

    def start(self) -> None:
        self._cluster.start()

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `fast`, or `immediate`, which is as good as kill -9."""
        self._cluster._stop(mode)

    def restart(self, mode: str) -> None:
        self.stop(mode)
        self.start()

    def crash(self) -> None:
        """Let it lose its memory and recover, as after kill -9 of one of its processes."""
        before = self.value(_WRITES_SINCE)
        with psycopg.connect(self.url) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            eventually(lambda: self._has_recovered_since(before), within=PATIENCE)

    def until_settled(self) -> None:
        """Wait until it has been up for so long that silence of a worker means something."""
        eventually(lambda: self.value(_IS_SETTLED), within=GRACE + PATIENCE)

    def standby(self, home: Path) -> MortalServer:
        """A second server that has everything this one confirms from now on."""
        standby = MortalServer(home, self._programs)
        standby._copy(self)
        standby.start()
        self._execute("alter system set synchronous_standby_names = '*'")
        self._execute("select pg_reload_conf()")
        eventually(lambda: self.value(_IS_FOLLOWED), within=PATIENCE)
        return standby

    def promote(self) -> None:
        """Take writes from now on, and wait for no standby."""
        self._execute("select pg_promote(true, 30)")
        self._execute("alter system reset synchronous_standby_names")
        self._execute("select pg_reload_conf()")

    def remove(self) -> None:
        self._cluster.remove()

    def value(self, query: LiteralString) -> Any:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(query).fetchone()
            return None if row is None else row[0]

    def _copy(self, primary: MortalServer) -> None:
        data = self._cluster.data
        data.mkdir(mode=0o700)
        os.chown(data, primary.owner.st_uid, primary.owner.st_gid)
        source = ("-h", primary.socket_directory, "-U", "postgres")
        self._cluster._run(
            str(self._programs / "pg_basebackup"), *source, "-D", str(data), "-R", "-c", "fast"
        )
        # The copy says that the socket is in use: that of the original is.
        (data / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _has_recovered_since(self, before: object) -> bool:
        try:
            return self.value(_WRITES_SINCE) != before
        except psycopg.OperationalError:
            return False

    def _execute(self, statement: LiteralString) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


_WRITES_SINCE: LiteralString = (
    "select backend_start from pg_stat_activity where backend_type = 'walwriter'"
)
_IS_SETTLED: LiteralString = f"select clock_timestamp() - ({_WRITES_SINCE}) > interval '10.5 s'"
_IS_FOLLOWED: LiteralString = (
    "select exists(select from pg_stat_replication where sync_state in ('sync', 'quorum'))"
)
