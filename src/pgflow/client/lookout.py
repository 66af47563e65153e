"""One connection's time of looking at runs and of hearing what happens to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, OperationalError, errors

from pgflow import statements
from pgflow.client.connections import fetch
from pgflow.client.events import Snapshot, notification_from
from pgflow.client.failures import connection_lost, run_not_found, translated
from pgflow.client.followers import Follower, Followers
from pgflow.errors import DatabaseUnavailable
from pgflow.statements import RunRow, Statement

T = TypeVar("T")

log = logging.getLogger("pgflow.client")

# The database notifies for a minute after each request.
RENEWAL = 20.0
LINGER = 60.0
# A request to be notified waits for whoever changes the run. That may be a long transaction of the
# user's: then the rows have to do for the moment, and the request is made again later.
LOCK_TIMEOUT = "250ms"
RUNS_IN_A_LOOK = 100


class Lookout:
    """Serves the followers over a connection while there are any, and a minute longer."""

    def __init__(
        self, connection: AsyncConnection[Any], followers: Followers, watcher_id: UUID
    ) -> None:
        self._connection = connection
        self._followers = followers
        self._watcher_id = watcher_id
        self._is_notified = False

    async def prepare(self) -> None:
        """Listen where that works, and have all runs looked at afresh."""
        [backend] = await self._fetch(statements.current_backend())
        # Behind a pooler the backend is not the one that greeted us, and what it is told to listen
        # to reaches somebody else, or nobody.
        self._is_notified = backend.pid == self._connection.info.backend_pid
        if self._is_notified:
            await self._fetch(statements.set_lock_timeout(LOCK_TIMEOUT))
            await self._fetch(statements.listen_to_runs())
        else:
            log.info(
                "a connection pooler lets no notifications pass: waiting for runs by polling. "
                "PGFLOW_DIRECT_URL may name a way past it"
            )
        self._followers.start_anew()

    async def serve(self) -> None:
        while True:
            await self._look()
            await self._unwatch()
            # What came along with their answers makes the socket readable no more.
            await self._hear()
            if not await self._is_stirred() and not self._followers:
                return
            await self._hear()

    async def _look(self) -> None:
        due = iter(self._followers.take_due())
        while some := list(islice(due, RUNS_IN_A_LOOK)):
            await self._look_for(some)

    async def _look_for(self, followers: Sequence[Follower]) -> None:
        watched = await self._watch([each for each in followers if not each.is_watching])
        rows = watched | await self._read({each.run_id for each in followers} - watched.keys())
        for follower in followers:
            follower.is_watching |= follower.run_id in watched
            self._followers.set_alarm(
                follower, RENEWAL if follower.is_watching else follower.next_pause()
            )
            follower.tell(await self._snapshot(follower, rows))

    async def _watch(self, followers: Collection[Follower]) -> dict[UUID, RunRow]:
        """Ask to be notified of runs, and read them; nothing if it cannot be had at the moment."""
        if not (self._is_notified and followers):
            return {}
        # In the order of every transition's locks: no deadlock.
        run_ids = sorted({each.run_id for each in followers})
        with_steps = {each.run_id for each in followers if each.with_steps}
        request = statements.watch_runs(run_ids, self._watcher_id, with_steps=with_steps)
        try:
            rows = await self._fetch(request)
        except _Held:
            return {}
        return {row.run_id: row for row in rows}

    async def _read(self, run_ids: Collection[UUID]) -> dict[UUID, RunRow]:
        if not run_ids:
            return {}
        rows = await self._fetch(statements.look_at_runs(list(run_ids)))
        return {row.run_id: row for row in rows}

    async def _snapshot(self, follower: Follower, rows: dict[UUID, RunRow]) -> Snapshot | Exception:
        run = rows.get(follower.run_id)
        if run is None:
            return run_not_found(follower.run_id)
        steps = await self._fetch(statements.list_steps(run.run_id)) if follower.with_steps else ()
        return Snapshot(run, steps)

    async def _unwatch(self) -> None:
        abandoned = self._followers.take_abandoned()
        if self._is_notified and abandoned:
            # It would end by itself.
            with suppress(_Held):
                await self._fetch(statements.unwatch_runs(abandoned, self._watcher_id))

    async def _is_stirred(self) -> bool:
        """Wait until there is something to do or to hear; False after a minute of quiet."""
        loop, stirred = asyncio.get_running_loop(), self._followers.stirred
        loop.add_reader(self._connection.fileno(), stirred.set)
        try:
            async with asyncio.timeout(LINGER):
                return await stirred.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._connection.fileno())
            stirred.clear()

    async def _hear(self) -> None:
        with _losses_told():
            async for notify in self._connection.notifies(timeout=0):
                if notification := notification_from(notify.payload):
                    self._followers.hear(notification)

    async def _fetch(self, statement: Statement[T]) -> list[T]:
        with translated(statement), _losses_told():
            return await fetch(self._connection, statement)


class _Held(DatabaseUnavailable):
    """Somebody holds for longer what we have to lock."""


@contextmanager
def _losses_told() -> Generator[None]:
    """Take whatever the driver has to say of a connection for its loss: there will be another."""
    try:
        yield
    except errors.LockNotAvailable as error:
        raise _Held(f"the database is busy: {error}") from error
    except OperationalError as error:
        raise connection_lost(error) from error
