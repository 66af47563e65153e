"""A database session that is opened again whenever it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.rows import tuple_row

from pgflow import statements
from pgflow.client.failures import unreachable
from pgflow.statements import Statement
from pgflow.worker.connections import read_json_as_text
from pgflow.worker.outage import Outage
from pgflow.worker.setbacks import reason

T = TypeVar("T")


class Session:
    """One connection in autocommit: each statement is a transaction of its own."""

    def __init__(
        self,
        conninfo: str,
        *,
        purpose: str,
        pooler: bool | None = None,
        outage: Outage | None = None,
    ) -> None:
        self._conninfo = conninfo
        self._purpose = purpose
        self._pooler = pooler
        self._outage = outage or Outage()
        self._connection: psycopg.AsyncConnection[Any] | None = None
        # Behind a transaction pooler there are no prepared statements, no session locks, no LISTEN.
        self.is_pooled = False

    async def open(self) -> None:
        """Connect now; raises `DatabaseUnavailable` with the reason, never with a password."""
        try:
            await self._connect()
        except psycopg.Error as error:
            raise unreachable(error) from error

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    def lost(self, error: psycopg.Error) -> None:
        """Say that the connection has broken."""
        self._outage.lost(self._purpose, reason(error))

    async def reopen(self) -> bool:
        """Try once to connect again; whether it worked."""
        await self.close()
        try:
            await self._connect()
        except (psycopg.Error, OSError) as error:
            self._outage.goes_on(error)
            return False
        self._outage.over(self._purpose)
        return True

    async def run(self, statement: Statement[T]) -> list[T]:
        """The rows of a statement; raises what psycopg raises."""
        cursor = await self._opened().execute(statement.sql, statement.params)
        if cursor.pgresult is None or cursor.pgresult.nfields == 0:
            return []
        row = statement.row
        return [row(*values) for values in await cursor.fetchall()]

    async def hear(self, tell: Callable[[str, str], None], *, seconds: float) -> None:
        """Tell channel and payload of what is notified: all that comes first, within that time."""
        connection = self._opened()
        # stop_after ends the generator between two packets; to break off within one loses the rest.
        async for notification in connection.notifies(timeout=seconds, stop_after=1):
            tell(notification.channel, notification.payload)

    @contextmanager
    def watched(self, ring: Callable[[], None]) -> Generator[None]:
        """Rings when the connection breaks, or says anything unasked, during the block.

        To be used around a sleep only: a statement watches the connection by itself.
        """
        loop = asyncio.get_running_loop()
        socket = self._opened().fileno()
        loop.add_reader(socket, ring)
        try:
            yield
        finally:
            loop.remove_reader(socket)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _opened(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is None:
            message = "the connection is not open"
            raise psycopg.InterfaceError(message)
        return self._connection

    async def _connect(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, prepare_threshold=None, row_factory=tuple_row
        )
        read_json_as_text(connection)
        self._connection = connection
        self.is_pooled = await self._detect() if self._pooler is None else self._pooler
        if not self.is_pooled:
            connection.prepare_threshold = 0

    async def _detect(self) -> bool:
        """Whether a pooler stands between: it invents a process number for its own client."""
        (backend,) = await self.run(statements.current_backend())
        return backend.pid != self._opened().info.backend_pid
