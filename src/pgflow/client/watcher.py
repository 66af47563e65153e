"""Tells any number of waiters what becomes of their runs, over one connection.

Whoever waits is a follower. One who is *due* is told how his run stands, by a look at its rows; in
between he hears the events that the database notifies. The first look also asks for them, and a
look every twenty seconds goes on asking. When the connection breaks, events may be missed:
everybody is due once there is another. Where notifications cannot be had, behind a transaction
pooler, followers fall due so often that looking is enough.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from copy import copy
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from pgflow.client.events import RunEvent, Snapshot, events_of
from pgflow.client.failures import not_ended
from pgflow.client.followers import Follower, Followers
from pgflow.client.lookout import Lookout
from pgflow.errors import DatabaseUnavailable
from pgflow.statements import RunRow

log = logging.getLogger("pgflow.client")

Connect = Callable[[], Awaitable[AsyncConnection[Any]]]

PATIENCE = 120.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0


class RunWatcher:
    """Waits for runs on behalf of one client.

    A connection is opened for the first follower and closed a minute after the last one. Who begins
    to wait while the database is away is told so; who waits already bears that for two minutes.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._id = uuid4()
        self._followers = Followers()
        self._serving: asyncio.Task[None] | None = None

    async def end_of(self, run_id: UUID, timeout: float | None) -> RunRow:
        """The row of a run when it has ended, without its input."""
        with self._following(Follower(run_id)) as follower:
            try:
                async with asyncio.timeout(timeout):
                    return await _end(follower)
            except TimeoutError:
                raise not_ended(run_id, timeout) from None

    async def events_of(self, run_id: UUID) -> AsyncGenerator[RunEvent]:
        """What has happened to a run and what happens to it, each change once, until it ends."""
        told: set[tuple[str | None, str]] = set()
        with self._following(Follower(run_id, with_steps=True)) as follower:
            while True:
                for event in _events_in(await follower.news()):
                    if event.identity not in told:
                        told.add(event.identity)
                        yield event
                    if event.is_last:
                        return

    async def close(self) -> None:
        """Close the connection; whoever still waits is told so."""
        if self._serving is not None and not self._serving.done():
            self._serving.cancel()
            await asyncio.wait([self._serving])

    @contextmanager
    def _following(self, follower: Follower) -> Generator[Follower]:
        self._serve()
        self._followers.join(follower)
        try:
            yield follower
        finally:
            self._followers.leave(follower)

    def _serve(self) -> None:
        if self._serving is None or self._serving.done():
            # The loop may be another than the last time.
            self._followers.stirred = asyncio.Event()
            self._serving = asyncio.create_task(self._serve_through_outages())
            self._serving.add_done_callback(self._dismiss)

    async def _serve_through_outages(self) -> None:
        outage = _Outage()
        while self._followers:
            try:
                async with await self._connect() as connection:
                    lookout = Lookout(connection, self._followers, self._id)
                    await lookout.prepare()
                    outage.is_over()
                    await lookout.serve()
            except DatabaseUnavailable as error:
                await outage.bear(error)

    def _dismiss(self, serving: asyncio.Task[None]) -> None:
        closed = DatabaseUnavailable("the client was closed while somebody waited for a run")
        error = closed if serving.cancelled() else serving.exception()
        if isinstance(error, Exception):
            for follower in self._followers:
                # Each raises one of his own: an exception collects the tracebacks of all who do.
                follower.tell(copy(error))


class _Outage:
    """The time that the database has been away, if it has, and how it is spent."""

    def __init__(self) -> None:
        self._was_reached = False
        self._since: float | None = None
        self._pause = FIRST_PAUSE

    def is_over(self) -> None:
        self._was_reached = True
        self._since = None
        self._pause = FIRST_PAUSE

    async def bear(self, error: DatabaseUnavailable) -> None:
        """Wait a little before the next attempt, or give up."""
        now = time.monotonic()
        self._since = self._since or now
        if not self._was_reached or now - self._since > PATIENCE:
            raise error
        log.warning("%s. Those who wait for runs go on waiting", error)
        await asyncio.sleep(self._pause * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
        self._pause = min(2 * self._pause, LONGEST_PAUSE)


async def _end(follower: Follower) -> RunRow:
    while True:
        news = await follower.news()
        if isinstance(news, Snapshot) and news.is_last:
            return news.run


def _events_in(news: Snapshot | RunEvent) -> list[RunEvent]:
    return events_of(news) if isinstance(news, Snapshot) else [news]
