"""Outcomes on their way to the database: gathered while a call is in flight, sent in the next."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pgflow.worker.alarm import Alarm
from pgflow.worker.attempt import Attempt, Hand, log_ids, wire
from pgflow.worker.meter import Meter, Observer
from pgflow.worker.outcome import DROPPED, Outcome, Verdict, refused_payload
from pgflow.worker.setbacks import Setback, judge, reason

if TYPE_CHECKING:
    import psycopg

    from pgflow.statements import TaskRow
    from pgflow.worker.signals import Signals

logger = logging.getLogger("pgflow.worker.reports")

# So many outcomes in line are worth a call of their own, while another one is in flight.
PILE = 64
# One report holds at most so many characters, but at least one outcome.
REPORT_SIZE = 16 * 1024 * 1024


@dataclass(slots=True)
class Tally:
    """What became of the attempts so far. What was refused or lost counts nowhere.

    `unreported`: ended or begun, and the database was out of reach when the worker had to end.
    Others notice that this worker is gone, and give these tasks another attempt.
    """

    completed: int = 0
    failed: int = 0
    released: int = 0
    unreported: int = 0

    @property
    def processed(self) -> int:
        return self.completed + self.failed

    def count(self, outcome: Outcome) -> None:
        match outcome.verdict:
            case Verdict.COMPLETED | Verdict.COMMITTED:
                self.completed += 1
            case Verdict.FAILED:
                self.failed += 1
            case Verdict.RELEASED:
                self.released += 1
            case _:
                pass


class Entry(NamedTuple):
    """One outcome in line: whose it is, and the JSON object that says it."""

    task: TaskRow
    identity: str
    outcome: Outcome
    json: str


class Report(tuple[Entry, ...]):
    """The outcomes that one call carries."""

    __slots__ = ()

    def json(self) -> str:
        return f"[{','.join([entry.json for entry in self])}]"

    def flow_slugs(self) -> set[str]:
        return {entry.task.flow_slug for entry in self}


class Reports:
    """The line of outcomes that wait to be reported.

    An attempt stays in hand until the database has answered. What a broken call carried comes back
    to the head of the line: nobody knows whether it was counted, and fencing makes it safe to say
    it twice.
    """

    def __init__(self, hand: Hand, signals: Signals, meter: Observer | None = None) -> None:
        self._hand = hand
        self._signals = signals
        self._meter = meter or Meter()
        self._line: deque[Entry] = deque()
        # Rings while the line is long.
        self.bell = Alarm()
        self.tally = Tally()
        # So many at the head are sent one by one, because Postgres has refused one of them.
        self._suspects = 0

    def __bool__(self) -> bool:
        return bool(self._line)

    @property
    def are_piled_up(self) -> bool:
        return len(self._line) >= PILE

    def add(self, attempt: Attempt) -> None:
        """An attempt has ended: report it, or forget it where there is nothing to say."""
        if attempt.outcome is not None:
            self.say(attempt.task, attempt.identity, attempt.outcome)

    def say(self, task: TaskRow, identity: str, outcome: Outcome) -> None:
        if outcome.needs_report:
            self._line.append(Entry(task, identity, outcome, wire(identity, outcome)))
            if self.are_piled_up:
                self.bell.ring()
        else:
            self._count(task, outcome, self._hand.pop(identity, None))

    def withdraw(self, identity: str) -> None:
        """What waits to be said of this attempt is not true any more."""
        self._line = deque(entry for entry in self._line if entry.identity != identity)

    def take(self) -> Report:
        """The next report: everything that waits, as far as it fits."""
        if self._suspects:
            self._suspects -= 1
            return Report((self._line.popleft(),))
        entries: list[Entry] = []
        size = 0
        while self._line and (not entries or size + len(self._line[0].json) <= REPORT_SIZE):
            entry = self._line.popleft()
            size += len(entry.json)
            entries.append(entry)
        return Report(entries)

    def confirm(self, report: Report, refused: Collection[str]) -> None:
        """The database has answered: these attempts are in hand no longer."""
        for task, identity, outcome, _ in report:
            attempt = self._hand.pop(identity, None)
            if refused and identity in refused:
                self._note_refusal(task, outcome)
            else:
                self._count(task, outcome, attempt)
        if report:
            self._signals.reported.occur()

    def abandon(self) -> None:
        """The worker ends, and whatever is still in hand cannot be reported any more."""
        self.tally.unreported = len(self._hand)

    def take_back(self, report: Report, error: psycopg.Error) -> None:
        """The call that carried this report has failed."""
        setback = judge(error)
        if setback in (Setback.PAYLOAD, Setback.UNKNOWN):
            self._isolate(report, reason(error))
        else:
            self._put_back(report, is_uncertain=setback is Setback.LOST)

    def _count(self, task: TaskRow, outcome: Outcome, attempt: Attempt | None) -> None:
        self.tally.count(outcome)
        self._meter.note_ending(task, outcome, 0.0 if attempt is None else attempt.seconds)

    def _put_back(self, report: Report, *, is_uncertain: bool) -> None:
        for entry in reversed(report):
            again = replace(entry.outcome, uncertain=entry.outcome.uncertain or is_uncertain)
            self._line.appendleft(entry._replace(outcome=again))

    def _isolate(self, report: Report, reason: str) -> None:
        """Postgres refuses something in this report: find it, without harm to the others."""
        if len(report) > 1:
            self._put_back(report, is_uncertain=False)
            self._suspects = len(report)
            return
        for task, identity, outcome, _ in report:
            logger.error("outcome not accepted: %s", reason, extra=log_ids(task))
            # Where not even the failure can be said, nothing is: the lease will run out.
            is_completion = outcome.verdict is Verdict.COMPLETED
            self.say(task, identity, refused_payload(reason) if is_completion else DROPPED)

    def _note_refusal(self, task: TaskRow, outcome: Outcome) -> None:
        level = logging.DEBUG if outcome.uncertain else logging.WARNING
        message = "outcome refused: the task was taken over, cancelled or timed out"
        logger.log(level, message, extra=log_ids(task))
        self._signals.refused.occur()
