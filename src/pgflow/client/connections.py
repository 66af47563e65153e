"""Where statements run: on the caller's connection, on one of his pool, or on one of our own.

Our own are kept between two uses rather than put into a psycopg pool: a pool that cannot connect
says so after its timeout only, and without the reason; it also wants threads and an opening.
"""

from __future__ import annotations

import functools
import inspect
import os
import selectors
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

import psycopg
from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import class_row
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgflow.client.failures import translated, unreachable
from pgflow.conninfo import readable
from pgflow.environment import DIRECT_URL_VARIABLE, find_database_url
from pgflow.statements import Statement

T = TypeVar("T")
C = TypeVar("C", Connection[Any], AsyncConnection[Any])

KEPT_CONNECTIONS = 10

# A server whose host has vanished is missed within half a minute, whoever waits for its answer.
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "fallback_application_name": "pgflow",
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
)

# One statement is one transaction, and nothing is left behind on a server connection that a
# pooler hands to somebody else.
_HOW_WE_CONNECT: dict[str, Any] = {"autocommit": True, "prepare_threshold": None}

# How a pool's connections are used is its owner's business, where they lead to is ours as well.
_HOW_A_POOL_CONNECTS = frozenset(
    {"autocommit", "prepare_threshold", "row_factory", "cursor_factory", "context"}
)


class Database:
    """Runs statements for the sync client."""

    def __init__(self, source: str | ConnectionPool[Any] | None) -> None:
        self._pool = source if isinstance(source, ConnectionPool) else None
        self._whereabouts = Whereabouts(None if isinstance(source, ConnectionPool) else source)
        self._shelf = Shelf[Connection[Any]]()

    def fetch(self, statement: Statement[T], connection: Connection[Any] | None = None) -> list[T]:
        """The rows of a statement, which is a transaction of its own on a connection of ours."""
        with translated(statement), self._connection(connection) as database:
            return _fetch(database, statement)

    def fetch_together(
        self, statements: Sequence[Statement[T]], connection: Connection[Any] | None = None
    ) -> list[T]:
        """The rows of several statements about the same, all of which take effect or none."""
        if not statements:
            return []
        with (
            translated(statements[0]),
            self._connection(connection) as database,
            _in_one_transaction(database),
        ):
            return [row for each in statements for row in _fetch(database, each)]

    async def connect(self) -> AsyncConnection[Any]:
        """A new connection to the same database for the waiting, which the caller closes."""
        if self._pool is not None:
            return await _connect_like_a_pool(self._pool)
        return await _connect_async(self._whereabouts.direct_url)

    def close(self) -> None:
        self._shelf.clear()

    @contextmanager
    def _connection(self, given: Connection[Any] | None) -> Generator[Connection[Any]]:
        if given is not None:
            yield given
        elif self._pool is not None:
            with self._pool.connection() as pooled:
                yield pooled
        else:
            own = self._shelf.take() or _connect(self._whereabouts.url)
            try:
                yield own
            finally:
                self._shelf.put(own)


class AsyncDatabase:
    """Runs statements for the async client."""

    def __init__(self, source: str | AsyncConnectionPool[Any] | None) -> None:
        self._pool = source if isinstance(source, AsyncConnectionPool) else None
        self._whereabouts = Whereabouts(None if isinstance(source, AsyncConnectionPool) else source)
        self._shelf = Shelf[AsyncConnection[Any]]()

    async def fetch(
        self, statement: Statement[T], connection: AsyncConnection[Any] | None = None
    ) -> list[T]:
        """The rows of a statement, which is a transaction of its own on a connection of ours."""
        with translated(statement):
            async with self._connection(connection) as database:
                return await fetch(database, statement)

    async def fetch_together(
        self, statements: Sequence[Statement[T]], connection: AsyncConnection[Any] | None = None
    ) -> list[T]:
        """The rows of several statements about the same, all of which take effect or none."""
        if not statements:
            return []
        with translated(statements[0]):
            async with self._connection(connection) as database, _in_one_transaction(database):
                return [row for each in statements for row in await fetch(database, each)]

    async def connect(self) -> AsyncConnection[Any]:
        """A new connection to the same database for the waiting, which the caller closes."""
        if self._pool is not None:
            return await _connect_like_a_pool(self._pool)
        return await _connect_async(self._whereabouts.direct_url)

    def close(self) -> None:
        self._shelf.clear()

    @asynccontextmanager
    async def _connection(
        self, given: AsyncConnection[Any] | None
    ) -> AsyncGenerator[AsyncConnection[Any]]:
        if given is not None:
            yield given
        elif self._pool is not None:
            async with self._pool.connection() as pooled:
                yield pooled
        else:
            own = self._shelf.take() or await _connect_async(self._whereabouts.url)
            try:
                yield own
            finally:
                self._shelf.put(own)


class Whereabouts:
    """Where connections of our own lead: found once, for directory and environment may change."""

    def __init__(self, said: str | None) -> None:
        self._said = said

    @functools.cached_property
    def url(self) -> str:
        return _found(self._said)

    @functools.cached_property
    def direct_url(self) -> str:
        """The way past a pooler that the environment's URL leads to; the URL itself without one."""
        direct = os.environ.get(DIRECT_URL_VARIABLE) if self._said is None else None
        return _found(direct) if direct else self.url


class Shelf(Generic[C]):
    """Connections between two uses, the last one used on top; safe to share between threads."""

    def __init__(self) -> None:
        self._connections: deque[C] = deque()
        self._is_closed = False
        # A client that nobody closes is no reason for a warning: what lies here is in nobody's
        # hands. The collector may finalize a connection before whoever keeps it, but none of these.
        weakref.finalize(self, _clear, self._connections)

    def take(self) -> C | None:
        """A connection that the server has not given up meanwhile."""
        while True:
            try:
                connection = self._connections.pop()
            except IndexError:
                return None
            if _is_alive(connection):
                return connection
            connection.pgconn.finish()

    def put(self, connection: C) -> None:
        """Keep a connection, or close one that is broken, in use or more than we keep."""
        is_idle = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        if is_idle and not self._is_closed and len(self._connections) < KEPT_CONNECTIONS:
            self._connections.append(connection)
        else:
            connection.pgconn.finish()

    def clear(self) -> None:
        """Close what lies here."""
        _clear(self._connections)

    def close(self) -> None:
        """Close what lies here, and whatever comes back later."""
        self._is_closed = True
        self.clear()


def _clear(connections: deque[C]) -> None:
    with suppress(IndexError):  # another thread may be quicker
        while connection := connections.pop():
            connection.pgconn.finish()


@overload
def _in_one_transaction(connection: Connection[Any]) -> AbstractContextManager[object]: ...
@overload
def _in_one_transaction(
    connection: AsyncConnection[Any],
) -> AbstractAsyncContextManager[object]: ...
def _in_one_transaction(connection: Connection[Any] | AsyncConnection[Any]) -> Any:
    """Without autocommit there is a transaction anyway, and it is not ours to commit."""
    return connection.transaction() if connection.autocommit else nullcontext()


async def fetch(connection: AsyncConnection[Any], statement: Statement[T]) -> list[T]:
    """The rows of a statement, with JSON as the text that came."""
    async with AsyncCursor(connection, row_factory=class_row(statement.row)) as cursor:
        cursor.adapters.register_loader("jsonb", TextLoader)
        await cursor.execute(statement.sql, statement.params)
        return await cursor.fetchall() if cursor.description else []


def _fetch(connection: Connection[Any], statement: Statement[T]) -> list[T]:
    with Cursor(connection, row_factory=class_row(statement.row)) as cursor:
        cursor.adapters.register_loader("jsonb", TextLoader)
        return cursor.execute(statement.sql, statement.params).fetchall()


def _is_alive(connection: Connection[Any] | AsyncConnection[Any]) -> bool:
    # A server that has something to say to a connection that asks nothing says that it ends it.
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return not selector.select(timeout=0)


def _connect(url: str) -> Connection[Any]:
    parameters = {**DEFAULTS, **conninfo_to_dict(url)}
    try:
        return Connection.connect(**parameters, **_HOW_WE_CONNECT)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


async def _connect_async(url: str) -> AsyncConnection[Any]:
    parameters = {**DEFAULTS, **conninfo_to_dict(url)}
    try:
        return await AsyncConnection.connect(**parameters, **_HOW_WE_CONNECT)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


async def _connect_like_a_pool(
    pool: ConnectionPool[Any] | AsyncConnectionPool[Any],
) -> AsyncConnection[Any]:
    options: dict[str, Any] = await _resolved(pool.kwargs) or {}
    where = {key: value for key, value in options.items() if key not in _HOW_A_POOL_CONNECTS}
    parameters = {**DEFAULTS, **conninfo_to_dict(await _resolved(pool.conninfo) or "", **where)}
    try:
        return await AsyncConnection.connect(**parameters, **_HOW_WE_CONNECT)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


async def _resolved(setting: Any) -> Any:
    """A pool's setting, which may be a function, also an asynchronous one."""
    found = setting() if callable(setting) else setting
    return await found if inspect.isawaitable(found) else found


def _found(url: str | None) -> str:
    return readable(find_database_url(url, embedded=_embedded_url)).value


def _embedded_url() -> str | None:
    from pgflow.embedded import project_database  # it needs a platform that the client does not

    return project_database().running_url
