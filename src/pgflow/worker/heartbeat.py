"""The worker's second connection: it proves that the worker lives, and it listens."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import psycopg

from pgflow import statements
from pgflow.worker.attempt import Attempt, Hand, identity_in
from pgflow.worker.backoff import Backoff
from pgflow.worker.service import LoopService
from pgflow.worker.setbacks import Setback, judge, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from pgflow.statements import HeartbeatRow
    from pgflow.worker.session import Session
    from pgflow.worker.signals import Signals

logger = logging.getLogger("pgflow.worker.heartbeat")

# Others take a worker that has been silent for longer than this for dead, if its lock is free.
INTERVAL = 1.5
# A heartbeat that comes so much later was kept from its turn (seconds).
STANDSTILL = 2.0
WORK = "pgflow_work"


class Listener(Protocol):
    """Who is told of notifications."""

    def notify(self, flow_slugs: Iterable[str]) -> None: ...
    def hear(self, *, is_notified: bool) -> None: ...


class Heartbeat(LoopService):
    """Registers the worker, beats, listens for work and for cancellations.

    `lose` is told each attempt that is no longer this worker's, `deprecate` that an operator wants
    the worker to drain.
    """

    def __init__(
        self,
        *,
        worker_id: UUID,
        name: str,
        flow_slugs: Sequence[str],
        session: Session,
        hand: Hand,
        listener: Listener,
        lose: Callable[[Attempt], None],
        deprecate: Callable[[], None],
        signals: Signals,
    ) -> None:
        super().__init__("heartbeat")
        self._worker_id = worker_id
        self._name = name
        self._flow_slugs = flow_slugs
        self._session = session
        self._hand = hand
        self._listener = listener
        self._lose = lose
        self._deprecate = deprecate
        self._signals = signals
        self._loop = asyncio.get_running_loop()
        self._is_introduced = False
        self._is_urgent = False
        self._trouble = Backoff(first=0.02, longest=5.0)

    async def introduce(self) -> None:
        """Make the worker known, prove that it lives, and listen where that is possible."""
        queues = ",".join(self._flow_slugs)
        run = self._session.run
        await run(statements.register_worker(self._worker_id, queues, self._name, self._flow_slugs))
        if not self._session.is_pooled:
            await run(statements.hold_worker_lock(self._worker_id))
            await run(statements.listen_to_work())
            await run(statements.listen_to_cancellations())
            self._listener.hear(is_notified=True)
            self._signals.listening.occur()
        self._is_introduced = True

    async def stop(self) -> None:
        await self.abandon()

    async def _run(self) -> None:
        while True:
            try:
                if not self._is_introduced:
                    await self.introduce()
                await self._beat()
                await self._listen()
            except psycopg.Error as error:
                await self._overcome(error)

    async def _beat(self) -> None:
        self._is_urgent = False
        rows = await self._session.run(statements.heartbeat(self._worker_id, self._hand.held()))
        if rows:
            self._heed(rows[0])
        else:
            await self.introduce()
        self._trouble.reset()
        self._signals.heartbeat.occur()

    def _heed(self, answer: HeartbeatRow) -> None:
        for members in json.loads(answer.lost):
            if (attempt := self._hand.get(identity_in(members))) is not None:
                self._lose(attempt)
        if answer.deprecated:
            self._deprecate()

    async def _listen(self) -> None:
        """Pass on what is notified until it is time for the next beat."""
        # Workers that start together drift apart: soon one of them sees that another is dead.
        beat_at = self._loop.time() + INTERVAL * random.uniform(0.8, 1)  # noqa: S311 - no secret
        while not self._is_urgent and (left := beat_at - self._loop.time()) > 0:
            if self._session.is_pooled:
                await asyncio.sleep(left)
            else:
                await self._session.hear(self._heard, seconds=left)
        if (late := self._loop.time() - beat_at) > STANDSTILL:
            logger.warning(
                "the event loop stood still for %.1fs: an async handler blocked it, or the process "
                "was paused. What blocks belongs into a handler that is not async",
                late,
            )

    def _heard(self, channel: str, payload: str) -> None:
        if channel == WORK:
            self._listener.notify((payload,))
        elif payload == str(self._worker_id):
            self._is_urgent = True

    async def _overcome(self, error: psycopg.Error) -> None:
        if judge(error) is not Setback.LOST:
            logger.warning("the database refused a heartbeat: %s", reason(error))
            await asyncio.sleep(INTERVAL)
            return
        self._session.lost(error)
        self._is_introduced = False
        self._listener.hear(is_notified=False)
        while not await self._session.reopen():
            await self._pause(self._trouble.next())
