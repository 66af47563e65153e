"""What happens in the database, heard over one connection and passed on to every open page.

A page subscribes to what it shows. The first one opens the connection, the last one closes it.
Nothing is stored: a page that may have missed something, because the database was away or because
it could not keep up, is told to fetch its data again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import AsyncConnection

from pgflow import statements
from pgflow.client.connections import AsyncDatabase, fetch
from pgflow.environment import redact
from pgflow.errors import PgflowError
from pgflow.web.desk import EVERY_RUN, Desk

logger = logging.getLogger("pgflow.web")

# A watch lasts a minute.
RENEW_AFTER = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 3.0
# Steps are of interest to those alone who follow their run; they need not even be parsed.
_OF_A_RUN = '"event_type": "run:'


class Newsroom:
    """Listens while somebody reads."""

    def __init__(self, database: AsyncDatabase) -> None:
        self._database = database
        self._id = uuid4()
        self._desks: set[Desk] = set()
        self._listening: asyncio.Task[None] | None = None
        self._tidying: set[asyncio.Task[None]] = set()
        self._is_tuned = asyncio.Event()
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @asynccontextmanager
    async def desk(self, desk: Desk) -> AsyncGenerator[Desk]:
        """A desk in use: whatever happens from now on lands on it."""
        self._desks.add(desk)
        try:
            if desk.runs:
                self._listen()
                await self._is_tuned.wait()
                with suppress(PgflowError):  # the next connection asks for them
                    await self._watch(desk.runs)
            yield desk
        finally:
            self._desks.discard(desk)
            # A page that is closed cancels whoever serves it, again and again until he has ended.
            self._tidying.add(tidying := asyncio.create_task(self._tidy_up(desk)))
            tidying.add_done_callback(self._tidying.discard)

    def tell_all(self, event: str) -> None:
        """Put a notice of our own on every desk."""
        for desk in self._desks:
            desk.notice(event)

    def end_streams(self) -> None:
        """Let every stream end, and none begin."""
        self._is_closed = True
        self.tell_all("closed")

    async def close(self) -> None:
        """End all streams, and the connection."""
        self.end_streams()
        await asyncio.gather(*self._tidying)
        await self._stop()
        self._database.close()

    def _listen(self) -> None:
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen_through_outages())

    async def _listen_through_outages(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with await self._database.connect() as connection:
                    await self._tune_in(connection)
                    pause = FIRST_PAUSE
                    await self._pass_on(connection)
            except (PgflowError, psycopg.Error) as error:
                logger.warning("%s. The open pages wait for the database", redact(str(error)))
            # Who waits for the connection shall see what there is, and read it again later.
            self._is_tuned.set()
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _tune_in(self, connection: AsyncConnection[Any]) -> None:
        await fetch(connection, statements.listen_to_runs())
        await self._watch(self._wanted())
        if self._is_tuned.is_set():
            self.tell_all("database was away")
        self._is_tuned.set()

    async def _pass_on(self, connection: AsyncConnection[Any]) -> None:
        while True:
            async for note in connection.notifies(timeout=RENEW_AFTER):
                self._deliver(note.payload)
            await self._watch(self._wanted())

    def _deliver(self, payload: str) -> None:
        is_of_a_run = _OF_A_RUN in payload
        readers = [desk for desk in self._desks if is_of_a_run or desk.follows_steps]
        if readers:
            event = json.loads(payload)
            for desk in readers:
                desk.hear(event)

    def _wanted(self) -> set[UUID]:
        return {run_id for desk in self._desks for run_id in desk.runs}

    async def _watch(self, run_ids: Iterable[UUID]) -> None:
        wanted = sorted(run_ids)
        if wanted:
            followed = [run_id for run_id in wanted if run_id != EVERY_RUN]
            request = statements.watch_runs(wanted, self._id, with_steps=followed)
            await self._database.fetch(request)

    async def _tidy_up(self, desk: Desk) -> None:
        given_up = sorted(set(desk.runs) - self._wanted())
        with suppress(PgflowError):
            if given_up:
                await self._database.fetch(statements.unwatch_runs(given_up, self._id))
        if not self._wanted():
            await self._stop()

    async def _stop(self) -> None:
        # Whoever comes while this one ends has to begin anew.
        listening, self._listening = self._listening, None
        self._is_tuned.clear()
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
