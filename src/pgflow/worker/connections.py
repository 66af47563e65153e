"""Database connections: how they are made, and the few that handlers share."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.abc import AdaptContext
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from pgflow import statements

if TYPE_CHECKING:
    from uuid import UUID

# A peer that vanished without a word is noticed within about fifteen seconds.
_KEEPALIVE = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def conninfo(url: str, purpose: str, worker: str) -> str:
    """The connection string with our defaults under whatever the URL says itself.

    In pg_stat_activity a connection says what it is for and whose it is.
    """
    said = conninfo_to_dict(url)
    defaults = {**_KEEPALIVE, "application_name": f"pgflow {purpose} {worker}"}
    return make_conninfo(url, **{key: defaults[key] for key in defaults.keys() - said.keys()})


def read_json_as_text(context: AdaptContext) -> None:
    """JSON crosses undecoded: only the codec of a step knows what it means."""
    context.adapters.register_loader("jsonb", TextLoader)


class TaskConnections:
    """The connections that handlers borrow, opened when the first one asks.

    Nothing is prepared on them: a transaction pooler may stand between.
    """

    def __init__(self, conninfo: str, *, size: int) -> None:
        self.conninfo = conninfo
        self._options: dict[str, Any] = {
            "conninfo": conninfo,
            "min_size": 0,
            "max_size": size,
            "open": False,
            "kwargs": {"autocommit": True, "prepare_threshold": None},
        }
        self._mutex = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[Any]] | None = None
        self._async_pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] | None = None

    @contextmanager
    def lease(self) -> Generator[psycopg.Connection[Any]]:
        with self._opened().connection() as connection:
            yield connection

    @asynccontextmanager
    async def lease_async(self) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
        pool = await self._opened_async()
        async with pool.connection() as connection:
            yield connection

    def flow_input(self, run_id: UUID) -> str:
        with self.lease() as connection:
            return read_flow_input(connection, run_id)

    async def flow_input_async(self, run_id: UUID) -> str:
        statement = statements.flow_inputs([run_id])
        async with self.lease_async() as connection:
            cursor = connection.cursor()
            read_json_as_text(cursor)
            await cursor.execute(statement.sql, statement.params)
            return statement.row(*(await cursor.fetchall())[0]).input

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
        if self._async_pool is not None:
            await self._async_pool.close()

    def _opened(self) -> ConnectionPool[psycopg.Connection[Any]]:
        with self._mutex:
            if self._pool is None:
                check = ConnectionPool.check_connection
                self._pool = ConnectionPool(**self._options, check=check)
                self._pool.open()
            return self._pool

    async def _opened_async(self) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
        if self._async_pool is None:
            check = AsyncConnectionPool.check_connection
            self._async_pool = AsyncConnectionPool(**self._options, check=check)
        await self._async_pool.open()
        return self._async_pool


def read_flow_input(connection: psycopg.Connection[Any], run_id: UUID) -> str:
    """The raw JSON that a run was started with."""
    statement = statements.flow_inputs([run_id])
    cursor = connection.cursor()
    read_json_as_text(cursor)
    return statement.row(*cursor.execute(statement.sql, statement.params).fetchall()[0]).input
