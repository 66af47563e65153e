"""A worker's way of falling asleep, step by step, as sql/README.md tells it."""

from __future__ import annotations

import select
import threading
from typing import Any
from uuid import uuid4

from psycopg import Notify

from tests.support.dying import enlist
from tests.support.engine import Engine, Row
from tests.support.outcomes import completed

# Nobody needs that long to be notified; who has slept for so long has missed something (seconds).
LONGEST_SLEEP = 3.0


class Sleeper:
    """One session that is hungry for work of one flow."""

    def __init__(self, dsn: str, flow_slug: str) -> None:
        self.engine = Engine.connect(dsn)
        self.worker_id = enlist(self.engine, flow_slug)
        self._flows = [flow_slug]
        self._heard: list[Notify] = []
        self.engine.connection.add_notify_handler(self._heard.append)
        self.engine.do("listen pgflow_work")
        self._is_settled = False
        self._due_in: float | None = None
        self.tasks: list[Row] = []
        self.handled = 0
        self.overslept = 0

    def shows_hunger(self) -> None:
        self.engine.do("select pgflow.begin_idle(%(flows)s::text[])", flows=self._flows)

    def asks(self) -> None:
        """Ask whether somebody may have missed our hunger, and when work falls due."""
        status = self.engine.row(
            "select * from pgflow.idle_status(%(flows)s::text[])", flows=self._flows
        )
        self._is_settled, self._due_in = status["settled"], status["due_in"]

    def looks(self) -> None:
        """Report what is in hand, and claim."""
        outcomes = [completed(task) for task in self.tasks]
        self.handled += len(self.tasks)
        self.tasks, _ = self.engine.report_and_claim(self.worker_id, outcomes, self._flows, 10)

    def falls_asleep(self) -> None:
        self.shows_hunger()
        self.asks()
        self.looks()
        assert self.may_sleep

    def has_enough(self) -> None:
        self.engine.do("select pgflow.end_idle(%(flows)s::text[])", flows=self._flows)

    @property
    def may_sleep(self) -> bool:
        return self._is_settled and not self.tasks

    def wakes_within(self, seconds: float) -> bool:
        """Whether it wakes by itself in that time, because it knows that work falls due."""
        return self._due_in is not None and self._due_in <= seconds

    def is_woken(self) -> bool:
        """Whether it was notified. Whoever has committed by now was quick enough."""
        self.engine.value("select 1")
        return bool(self._heard)

    def work_and_sleep(self, done: threading.Event) -> None:
        """Work, fall asleep and wake up again, until all is done."""
        self.shows_hunger()
        while not done.is_set():
            self._heard.clear()
            self.asks()
            self.looks()
            if self.may_sleep and not self._sleep():
                self.looks()
                self.overslept += bool(self.tasks)

    def _sleep(self) -> bool:
        """Sleep until somebody notifies; whether somebody has."""
        if not self._heard:
            select.select([self.engine.connection], [], [], LONGEST_SLEEP)
        return self.is_woken()

    def close(self) -> None:
        self.engine.close()


def produce(dsn: str, chance: Any, runs: int) -> int:
    """Start so many runs in transactions that stay open for a moment; how many were committed."""
    engine = Engine.connect(dsn)
    pause = threading.Event()
    committed = 0
    for _ in range(runs):
        engine.do("begin")
        engine.start(run_id=uuid4())
        pause.wait(chance.uniform(0, 0.002))
        goes_on = chance.random() < 0.9
        engine.do("commit" if goes_on else "rollback")
        committed += goes_on
        pause.wait(chance.uniform(0, 0.01))
    engine.close()
    return committed
