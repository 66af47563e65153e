"""What runs, what waits for a slot, and how much more may be claimed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pgflow.worker.attempt import log_ids
from pgflow.worker.deadlines import Deadlines
from pgflow.worker.outcome import DROPPED, RELEASED, Outcome, timed_out

if TYPE_CHECKING:
    from pgflow.worker.attempt import Attempt
    from pgflow.worker.places import Place

logger = logging.getLogger("pgflow.worker.slots")

# Handlers faster than this are worth claiming ahead for: the database stays busy while they run.
FAST = 0.003
# How far ahead: what the slots get through in this time, but not more tasks than that. Batches of a
# hundred and more cost the database a quarter less per task than batches of thirty.
AHEAD_SECONDS = 0.01
AHEAD_TASKS = 160
# How long a claimed attempt may wait for a slot before it is handed back to other workers.
PATIENCE = 0.1


class Pace:
    """How long handlers take, on a moving average; slow until some have shown to be fast."""

    def __init__(self) -> None:
        self.seconds = 4 * FAST

    def observe(self, seconds: float) -> None:
        self.seconds += (min(seconds, 1.0) - self.seconds) * 0.1

    def ahead(self, slots: int) -> int:
        """How many tasks beyond the slots to claim."""
        if self.seconds >= FAST:
            return 0
        soon = slots * AHEAD_SECONDS / max(self.seconds, 1e-6)
        return min(int(soon), max(slots, AHEAD_TASKS))

    def disappoint(self) -> None:
        """Somebody claimed ahead and had to wait: begin to trust anew."""
        self.seconds = 1.0


class Slots:
    """At most `concurrency` handlers at a time; the attempts claimed ahead stand in line.

    `ended` is called once for each attempt that was admitted, when its outcome is known. A slot
    becomes free when its handler has really ended, which may be later: `wake` is called for both.
    """

    def __init__(
        self,
        concurrency: int,
        *,
        on_loop: Place,
        elsewhere: Place,
        ended: Callable[[Attempt], None],
        wake: Callable[[], None],
    ) -> None:
        self.concurrency = concurrency
        self._on_loop = on_loop
        self._elsewhere = elsewhere
        on_loop.attach(self.finish)
        elsewhere.attach(self.finish)
        self._ended = ended
        self._wake = wake
        self._loop = asyncio.get_running_loop()
        self._running: set[Attempt] = set()
        self._waiting: deque[Attempt] = deque()
        self._pace = Pace()
        self._deadlines = Deadlines(self._running, self._expire)
        self._inspection: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def busy(self) -> bool:
        """Whether handlers run or are about to."""
        return bool(self._running or self._waiting)

    @property
    def running(self) -> int:
        """How many handlers run."""
        return len(self._running)

    def room(self) -> int:
        """How many more tasks to claim: the free slots, and as many ahead if handlers are fast."""
        wanted = self.concurrency + self._pace.ahead(self.concurrency)
        return wanted - len(self._running) - len(self._waiting)

    def take_no_more(self) -> None:
        """Hand back what has not begun, now and from now on."""
        self._is_closed = True
        self.release_waiting()

    def admit(self, attempts: Iterable[Attempt]) -> None:
        """Take attempts in line. They begin in the next turn of the event loop: the caller can send
        its next call first, so that the database works while they do."""
        self._waiting.extend(attempts)
        if self._is_closed:
            self.release_waiting()
        self._loop.call_soon(self._fill)

    def finish(self, attempt: Attempt, outcome: Outcome) -> None:
        """A handler has ended; called by its place."""
        if attempt in self._running:
            self._running.remove(attempt)
            self._pace.observe(attempt.seconds)
        self._settle(attempt, outcome)
        self._fill()
        self._wake()

    def lose(self, attempt: Attempt) -> None:
        """The attempt is this worker's no longer: end it, nobody wants its outcome."""
        self._cancel(attempt, DROPPED)

    def release_waiting(self) -> None:
        """Hand back what has not begun."""
        while self._waiting:
            self._settle(self._waiting.popleft(), RELEASED)

    def release_all(self) -> None:
        """Hand back everything, begun or not."""
        self.release_waiting()
        for attempt in list(self._running):
            self._cancel(attempt, RELEASED)

    async def close(self, *, within: float) -> None:
        """Wait for what can be waited for; a thread that works on is left alone."""
        handlers = [one.runner for one in self._running if isinstance(one.runner, asyncio.Task)]
        if handlers:
            await asyncio.wait(handlers, timeout=within)
        self._on_loop.close()
        self._elsewhere.close()
        self._deadlines.close()
        if self._inspection is not None:
            self._inspection.cancel()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self.concurrency:
            attempt = self._waiting.popleft()
            if attempt.outcome is None:
                self._begin(attempt)
        if self._waiting and self._inspection is None:
            self._inspection = self._loop.call_later(PATIENCE, self._inspect, self._waiting[-1])

    def _place_of(self, attempt: Attempt) -> Place:
        return self._on_loop if attempt.step.is_async else self._elsewhere

    def _begin(self, attempt: Attempt) -> None:
        self._running.add(attempt)
        self._deadlines.watch(attempt.deadline)
        self._place_of(attempt).begin(attempt)

    def _settle(self, attempt: Attempt, outcome: Outcome) -> None:
        if attempt.outcome is None:
            attempt.outcome = outcome
            self._ended(attempt)
            self._wake()

    def _cancel(self, attempt: Attempt, outcome: Outcome) -> None:
        self._settle(attempt, outcome)
        if attempt in self._running:
            self._place_of(attempt).cancel(attempt)

    def _expire(self, attempt: Attempt) -> None:
        if attempt.given_up:
            return
        attempt.given_up = True
        if attempt.outcome is None:
            logger.warning("timed out after %ds", attempt.task.timeout, extra=log_ids(attempt.task))
        self._settle(attempt, timed_out(attempt.task.timeout))
        if self._place_of(attempt).give_up(attempt):
            self._running.discard(attempt)
            self._fill()

    def _inspect(self, newest: Attempt) -> None:
        """Nothing stays in line while other workers might have time for it."""
        self._inspection = None
        if newest in self._waiting:
            self._pace.disappoint()
            self.release_waiting()
        self._fill()
