"""Named moments in the life of a worker, so that a test can await them instead of sleeping."""

from __future__ import annotations

import asyncio

# Only a failing test gets this far (seconds).
PATIENCE = 60.0


class Moment:
    """Something that happens again and again; `count` says how often it has happened so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self._waiters: list[asyncio.Future[None]] = []

    def occur(self) -> None:
        self.count += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def next(self, *, within: float = PATIENCE) -> None:
        """Wait for the next occurrence, counted from this call."""
        await self.reaches(self.count + 1, within=within)

    async def reaches(self, count: int, *, within: float = PATIENCE) -> None:
        """Wait until it has happened `count` times since the worker was made."""
        try:
            async with asyncio.timeout(within):
                while self.count < count:
                    await self._occurrence()
        except TimeoutError:
            message = f"{self.name} happened {self.count} times in {within:g}s, expected {count}"
            raise TimeoutError(message) from None

    async def _occurrence(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter


class Signals:
    """The moments of one worker.

    claimed: a claim brought tasks. reported: the database has answered a report. refused: it has
    refused an outcome. idle: nothing to claim; the worker sleeps until it is notified. heartbeat:
    the database knows that the worker lives. listening: notifications arrive from here on.
    reconnected: a broken connection is back. drained: nothing is in hand any more.
    """

    def __init__(self) -> None:
        self.claimed = Moment("claimed")
        self.reported = Moment("reported")
        self.refused = Moment("refused")
        self.idle = Moment("idle")
        self.heartbeat = Moment("heartbeat")
        self.listening = Moment("listening")
        self.reconnected = Moment("reconnected")
        self.drained = Moment("drained")
