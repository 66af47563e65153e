"""What the workers of a process have done so far, for whoever watches them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pgflow.worker.outcome import Verdict

if TYPE_CHECKING:
    from pgflow.statements import TaskRow
    from pgflow.worker.outcome import Outcome

# Upper bounds in seconds: handlers take a millisecond as well as an hour.
BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0)

ENDINGS = {
    Verdict.COMPLETED: "completed",
    Verdict.COMMITTED: "completed",
    Verdict.FAILED: "failed",
    Verdict.RELEASED: "released",
    Verdict.LOST: "lost",
}


class Occupancy(Protocol):
    """Where handlers run: so many at a time, so many now."""

    @property
    def concurrency(self) -> int: ...
    @property
    def running(self) -> int: ...


class Observer(Protocol):
    """Who is told what workers do."""

    def enlist(self, slots: Occupancy) -> None:
        """A worker begins."""
        ...

    def dismiss(self, slots: Occupancy) -> None:
        """A worker has ended."""
        ...

    def note_claim(self, tasks: Collection[TaskRow]) -> None:
        """A claim has brought these."""
        ...

    def note_ending(self, task: TaskRow, outcome: Outcome, seconds: float) -> None:
        """The database knows how an attempt ended, whose handler took so long."""
        ...


@dataclass(slots=True)
class Histogram:
    """How many values were at most each of the bounds, and beyond them; and their sum."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(BOUNDS, value)] += 1
        self.total += value


class Meter:
    """Counts that only grow, and the slots of the workers on duty; many workers may share one.

    What the database refused, because the task was no longer the worker's, counts nowhere.

    Example:
        >>> from pgflow.worker.meter import Meter
        >>> Meter().claims
        0
    """

    def __init__(self) -> None:
        self.claims = 0
        self.claimed: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.endings: Counter[tuple[str, str, str]] = Counter()
        self.seconds: defaultdict[tuple[str, str], Histogram] = defaultdict(Histogram)
        self._on_duty: set[Occupancy] = set()

    @property
    def slots(self) -> int:
        """How many handlers can run at a time."""
        return sum(slots.concurrency for slots in self._on_duty)

    @property
    def busy(self) -> int:
        """How many run now."""
        return sum(slots.running for slots in self._on_duty)

    def enlist(self, slots: Occupancy) -> None:
        """A worker begins."""
        self._on_duty.add(slots)

    def dismiss(self, slots: Occupancy) -> None:
        """A worker has ended."""
        self._on_duty.discard(slots)

    def note_claim(self, tasks: Collection[TaskRow]) -> None:
        """A claim has brought these."""
        self.claims += 1
        for task in tasks:
            self.claimed[task.flow_slug] += 1
            if task.attempt > 1:
                self.retries[task.flow_slug] += 1

    def note_ending(self, task: TaskRow, outcome: Outcome, seconds: float) -> None:
        """The database knows how an attempt ended, whose handler took so long."""
        if (ending := ENDINGS.get(outcome.verdict)) is None:
            return
        self.endings[task.flow_slug, task.step_slug, ending] += 1
        if ending in ("completed", "failed"):
            self.seconds[task.flow_slug, task.step_slug].observe(seconds)
