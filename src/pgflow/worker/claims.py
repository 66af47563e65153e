"""The worker's conversation with the database: one loop, one connection, one call at a time.

While a call is in flight handlers run and outcomes gather. The next call reports all of them and
claims as many tasks as there is room for. So a lone outcome goes out at once, and under load the
batches grow by themselves. Where outcomes pile up all the same, a second connection helps: see
`relief`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from pgflow.errors import DeploymentError
from pgflow.worker.backoff import Backoff
from pgflow.worker.service import LoopService
from pgflow.worker.setbacks import Setback, judge, reason

if TYPE_CHECKING:
    from pgflow.worker.alarm import Alarm
    from pgflow.worker.desk import Desk
    from pgflow.worker.hunger import Hunger
    from pgflow.worker.reports import Report
    from pgflow.worker.rotation import Rotation
    from pgflow.worker.session import Session
    from pgflow.worker.signals import Signals
    from pgflow.worker.slots import Slots

logger = logging.getLogger("pgflow.worker.claims")

# Handlers that run may end, and unlock work, sooner than it takes to fall asleep (seconds).
GRACE = 0.005
# How often to look for work where no notification can reach us (seconds).
POLL = 0.1


@dataclass(slots=True)
class Goal:
    """What the loop is to do before it ends by itself; by default it goes on for ever.

    `quota`: claim no more than so many tasks. `until_idle`: end when there is nothing to do now.
    """

    quota: int | None = None
    until_idle: bool = False


class Claims(LoopService):
    """Decides when to talk to the database, about which flows, and when it is safe to sleep."""

    def __init__(
        self,
        *,
        desk: Desk,
        rotation: Rotation,
        hunger: Hunger,
        slots: Slots,
        signals: Signals,
        alarm: Alarm,
        goal: Goal,
    ) -> None:
        super().__init__("claims")
        self._desk = desk
        self._rotation = rotation
        self._hunger = hunger
        self._slots = slots
        self._signals = signals
        self._goal = goal
        self._alarm = alarm
        self._loop = asyncio.get_running_loop()
        self._fruitless = Backoff(first=0.005, longest=0.25)
        self._shortest_nap = 0.0
        self._trouble = Backoff(first=0.02, longest=5.0)
        # Whether notifications reach us; who listens sets it.
        self._is_notified = False
        # How many tasks the calls in flight have asked for.
        self._asked = 0

    def notify(self, flow_slugs: Iterable[str]) -> None:
        """There may be work of these flows."""
        self._rotation.heat(flow_slugs)
        self._alarm.ring()

    def hear(self, *, is_notified: bool) -> None:
        """Notifications arrive from now on, or no more. What came before was perhaps missed."""
        self._is_notified = is_notified
        self.notify(self._rotation.flow_slugs)

    def drain(self) -> None:
        """Claim nothing more; the loop ends when nothing is in hand."""
        self._stopping.set()
        self._alarm.ring()

    async def stop(self) -> None:
        self.drain()
        await super().stop()

    async def _run(self) -> None:
        while not self._is_done:
            try:
                await self._turn()
            except psycopg.Error as error:
                await self._overcome(error)
        self._signals.drained.occur()

    @property
    def leaves_something(self) -> bool:
        """Whether the database may take this worker to hold tasks."""
        return self._desk.is_busy or self._desk.is_in_doubt

    @property
    def _is_done(self) -> bool:
        return self._stopping.is_set() and not self._desk.is_busy

    async def _turn(self) -> None:
        # Whatever rang before now is seen in what follows.
        self._alarm.hush()
        room = self._room()
        if self._desk.reports or (room > 0 and self._rotation.expects_work):
            await self._converse(room)
        elif room <= 0:
            await self._alarm.wait()
        elif self._goal.until_idle:
            await self._look_for_the_end()
        elif not (self._slots.busy and await self._alarm.wait(GRACE)):
            await self._rest()

    def _room(self) -> int:
        if self._stopping.is_set():
            return 0
        room = self._slots.room()
        if self._goal.quota is not None:
            room = min(room, self._goal.quota)
        return room - self._asked

    async def relieve(self, session: Session) -> None:
        """Report and claim over another connection, unless that is not called for any more."""
        async with self._desk.aside:
            if self._desk.is_in_doubt or not self._desk.reports.are_piled_up:
                return
            try:
                await self._converse(self._room(), over=session)
            finally:
                self._alarm.ring()

    async def _converse(self, room: int, *, over: Session | None = None) -> None:
        report = self._desk.reports.take()
        asked: list[str] = []
        if room > 0:
            asked = self._rotation.choose(report.flow_slugs(), self._loop.time())
        else:
            # What a report unlocks, nobody notifies us of. It is for later.
            self._rotation.heat(report.flow_slugs())
        await self._exchange(report, asked, max(room, 0), over=over)

    async def _look_everywhere(self) -> bool:
        """Ask every flow at once; whether that brought anything.

        So may a call that has asked for all there is room for, and is still in flight.
        """
        room = self._room()
        if room <= 0:
            return True
        asked = self._rotation.choose_all(self._loop.time())
        return await self._exchange(self._desk.reports.take(), asked, room)

    async def _exchange(
        self, report: Report, asked: Sequence[str], room: int, *, over: Session | None = None
    ) -> bool:
        """One call; whether it brought tasks. Draws the conclusions from what it brought."""
        self._asked += room
        try:
            brought = await self._desk.exchange(report, asked, room, over=over)
        finally:
            self._asked -= room
        is_full = 0 < room <= len(brought)
        self._trouble.reset()
        if brought:
            self._fruitless.reset()
            self._shortest_nap = 0.0
            self._signals.claimed.occur()
        self._rotation.note(asked, Counter(brought), room)
        self._count(len(brought))
        if over is None:
            await self._hunger.note_claim(is_full=is_full)
        return bool(brought)

    def _count(self, claimed: int) -> None:
        if self._goal.quota is not None:
            self._goal.quota -= claimed
            if self._goal.quota <= 0:
                self._stopping.set()

    async def _look_for_the_end(self) -> None:
        if await self._look_everywhere():
            return
        if self._desk.is_busy:
            await self._alarm.wait()
        else:
            self._stopping.set()

    async def _rest(self) -> None:
        """Sleep in such a way that no work is missed."""
        if not self._is_notified:
            self._signals.idle.occur()
            if not await self._alarm.wait(POLL):
                await self._look_everywhere()
        elif await self._is_safe_to_sleep():
            await self._sleep()

    async def _is_safe_to_sleep(self) -> bool:
        was_settled = self._hunger.is_settled
        await self._hunger.show()
        if was_settled:
            return True
        # Work that was sent unaware of our hunger is found by one more look.
        found = await self._look_everywhere()
        if not self._hunger.is_settled:
            await self._alarm.wait(self._fruitless.next())
        return self._hunger.is_settled and not found

    async def _sleep(self) -> None:
        self._signals.idle.occur()
        due_in = self._hunger.due_in
        nap = None if due_in is None else max(due_in, self._shortest_nap)
        # A connection that breaks takes our locks with it: nobody would notify us any more.
        with self._desk.session.watched(self._alarm.ring):
            rung = await self._alarm.wait(nap)
        if not rung and not await self._look_everywhere():
            # What is due is in other hands already: no hurry to ask again.
            self._shortest_nap = self._fruitless.next()

    async def _overcome(self, error: psycopg.Error) -> None:
        """Get over an error of the database, or raise what only an operator can mend."""
        setback = judge(error)
        if setback is Setback.DEPLOYMENT:
            message = (
                f"the engine does not answer this worker: {reason(error)}. "
                "Compare the versions with: pgflow doctor"
            )
            raise DeploymentError(message) from error
        if setback is not Setback.LOST:
            logger.warning("the database refused a call: %s", reason(error))
            await self._alarm.wait(self._trouble.next())
            return
        self._desk.session.lost(error)
        self._hunger.forget()
        while not self._is_done and not await self._desk.session.reopen():
            await self._pause(self._trouble.next())
        self._rotation.heat(self._rotation.flow_slugs)
        self._signals.reconnected.occur()
