"""Those who wait for runs: who is told what, and whose run is to be looked at next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import UUID

from pgflow.client.events import Notification, RunEvent, Snapshot

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


class Follower:
    """One who waits for one run, and what he has been told and not heard yet.

    `is_watching` says that the database notifies of what happens to his run.
    """

    def __init__(self, run_id: UUID, *, with_steps: bool = False) -> None:
        self.run_id = run_id
        self.with_steps = with_steps
        self.is_watching = False
        self.alarm: asyncio.TimerHandle | None = None
        self._pause = FIRST_PAUSE
        self._untold: asyncio.Queue[Snapshot | RunEvent | Exception] = asyncio.Queue()

    async def news(self) -> Snapshot | RunEvent:
        """What comes next; raises what was told as an error."""
        news = await self._untold.get()
        if isinstance(news, Exception):
            raise news
        return news

    def tell(self, news: Snapshot | RunEvent | Exception) -> None:
        self._untold.put_nowait(news)

    def next_pause(self) -> float:
        """How long to look away: longer each time."""
        pause = self._pause
        self._pause = min(2 * pause, LONGEST_PAUSE)
        return pause


class Followers:
    """Everybody who waits, by run; those who are due wait for a look at the rows.

    `stirred` is set whenever somebody falls due, or nobody follows a run any more.
    """

    def __init__(self) -> None:
        self.stirred = asyncio.Event()
        self._by_run: dict[UUID, set[Follower]] = {}
        self._due: set[Follower] = set()
        self._abandoned: set[UUID] = set()

    def __iter__(self) -> Iterator[Follower]:
        return (follower for fellows in self._by_run.values() for follower in fellows)

    def __bool__(self) -> bool:
        return bool(self._by_run)

    def join(self, follower: Follower) -> None:
        self._abandoned.discard(follower.run_id)
        self._by_run.setdefault(follower.run_id, set()).add(follower)
        self._make_due(follower)

    def leave(self, follower: Follower) -> None:
        self._silence(follower)
        self._due.discard(follower)
        fellows = self._by_run[follower.run_id]
        fellows.discard(follower)
        if not fellows:
            del self._by_run[follower.run_id]
            self._abandoned.add(follower.run_id)
            self.stirred.set()

    def hear(self, notification: Notification) -> None:
        """Pass on an event; make those due whom it does not tell enough.

        Whoever is due already hears nothing: the look at the rows tells him, and in order.
        """
        event = notification.event
        for follower in self._by_run.get(notification.run_id, set()) - self._due:
            if event is None or event.is_last:
                self._make_due(follower)
            elif follower.with_steps:
                follower.tell(event)

    def take_due(self) -> list[Follower]:
        """Those who are due and still here."""
        due, self._due = self._due, set()
        return [follower for follower in due if follower in self._by_run.get(follower.run_id, ())]

    def take_abandoned(self) -> list[UUID]:
        """The runs that nobody follows any more."""
        abandoned, self._abandoned = self._abandoned, set()
        return sorted(abandoned)

    def set_alarm(self, follower: Follower, seconds: float) -> None:
        """Make a follower due in a while, unless he has an alarm already."""
        if follower.alarm is None:
            loop = asyncio.get_running_loop()
            follower.alarm = loop.call_later(seconds, self._ring, follower)

    def start_anew(self) -> None:
        """Make everybody due: what was notified before counts no more."""
        for follower in self:
            self._silence(follower)
            self._ring(follower)

    def _ring(self, follower: Follower) -> None:
        follower.alarm = None
        follower.is_watching = False
        self._make_due(follower)

    def _silence(self, follower: Follower) -> None:
        if follower.alarm is not None:
            follower.alarm.cancel()
            follower.alarm = None

    def _make_due(self, follower: Follower) -> None:
        self._due.add(follower)
        self.stirred.set()
