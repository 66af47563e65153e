"""Database connections: how they are made, and the few that handlers share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.abc import AdaptContext
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import TextLoader

from pgflow import statements
from pgflow.client.connections import Shelf
from pgflow.worker.backoff import Backoff

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

# How long a handler waits between two attempts to connect (seconds).
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
HOW: dict[str, Any] = {"autocommit": True, "prepare_threshold": None}


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
    """The connections that handlers borrow: `size` for sync ones, and as many for async ones.

    Opened when somebody asks, kept for the next. While the database is away a handler waits for
    its connection as long as its time allows. Nothing is prepared: a transaction pooler may stand
    between.
    """

    def __init__(self, conninfo: str, *, size: int) -> None:
        self.conninfo = conninfo
        self._seats = threading.Semaphore(size)
        self._async_seats = asyncio.Semaphore(size)
        self._shelf = Shelf[psycopg.Connection[Any]]()
        self._async_shelf = Shelf[psycopg.AsyncConnection[Any]]()

    @contextmanager
    def lease(self, until: float) -> Generator[psycopg.Connection[Any]]:
        """A connection for a thread; `until` is the time by which it is of no more use."""
        with self._seats:
            connection = self._shelf.take() or self._connect(until)
            try:
                yield connection
            finally:
                self._shelf.put(connection)

    @asynccontextmanager
    async def lease_async(self, until: float) -> AsyncGenerator[psycopg.AsyncConnection[Any]]:
        async with self._async_seats:
            connection = self._async_shelf.take() or await self._connect_async(until)
            try:
                yield connection
            finally:
                self._async_shelf.put(connection)

    def flow_input(self, run_id: UUID, until: float) -> str:
        with self.lease(until) as connection:
            return read_flow_input(connection, run_id)

    async def flow_input_async(self, run_id: UUID, until: float) -> str:
        statement = statements.flow_inputs([run_id])
        async with self.lease_async(until) as connection:
            cursor = connection.cursor()
            read_json_as_text(cursor)
            await cursor.execute(statement.sql, statement.params)
            return statement.row(*(await cursor.fetchall())[0]).input

    def close(self) -> None:
        self._shelf.close()
        self._async_shelf.close()

    def _connect(self, until: float) -> psycopg.Connection[Any]:
        backoff = Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        while True:
            try:
                return psycopg.connect(self.conninfo, **HOW)
            except psycopg.OperationalError as error:
                time.sleep(_pause(backoff, until, error))

    async def _connect_async(self, until: float) -> psycopg.AsyncConnection[Any]:
        backoff = Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        while True:
            try:
                return await psycopg.AsyncConnection.connect(self.conninfo, **HOW)
            except psycopg.OperationalError as error:
                await asyncio.sleep(_pause(backoff, until, error))


def _pause(backoff: Backoff, until: float, error: psycopg.OperationalError) -> float:
    """How long to wait before the next attempt to connect; no attempt is left: the error."""
    pause = backoff.next()
    if time.time() + pause >= until:
        raise error
    return pause


def read_flow_input(connection: psycopg.Connection[Any], run_id: UUID) -> str:
    """The raw JSON that a run was started with."""
    statement = statements.flow_inputs([run_id])
    cursor = connection.cursor()
    read_json_as_text(cursor)
    return statement.row(*cursor.execute(statement.sql, statement.params).fetchall()[0]).input
