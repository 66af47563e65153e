"""One timer for the deadlines of everything that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgflow.worker.attempt import Attempt


class Deadlines:
    """Calls `expire` for each running attempt whose time is up.

    Most attempts end long before. So there is one timer, set to the earliest deadline seen, and a
    look at what still runs when it rings: nothing to cancel when an attempt ends in time.
    """

    def __init__(self, running: Collection[Attempt], expire: Callable[[Attempt], None]) -> None:
        self._running = running
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = float("inf")

    def watch(self, deadline: float) -> None:
        if deadline < self._rings_at:
            self.close()
            self._rings_at = deadline
            self._timer = self._loop.call_at(deadline, self._ring)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._rings_at = float("inf")
        now = self._loop.time()
        for attempt in [one for one in self._running if one.deadline <= now]:
            self._expire(attempt)
        pending = [one.deadline for one in self._running if one.deadline > now]
        if pending:
            self.watch(min(pending))
