"""A stream of runs that somebody starts while things break, and the account that is due of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from pgflow import Client
from pgflow.errors import DatabaseUnavailable
from tests.support.engine import Engine
from tests.support.eventually import eventually

NUMBERS = list(range(12))
PATIENCE = 60.0


Choice = Callable[[], tuple[UUID, str, Any]]


@dataclass(slots=True)
class Orders:
    """Runs that are started one after the other, each until the database has confirmed it."""

    url: str
    choose: Choice = lambda: (uuid4(), "quick", NUMBERS)
    pause: float = 0.01
    started: list[UUID] = field(default_factory=list[UUID])
    interruptions: int = 0
    _enough: Event = field(default_factory=Event)

    def place(self) -> None:
        """Start runs until it is enough; a run_id makes it safe to ask twice."""
        with Client(self.url) as client:
            while not self._enough.wait(self.pause):
                order = self.choose()
                eventually(lambda order=order: self._is_started(client, *order), within=PATIENCE)
                self.started.append(order[0])

    def until_more(self, count: int) -> None:
        """Wait until so many more runs were started."""
        goal = len(self.started) + count
        eventually(lambda: len(self.started) >= goal, within=PATIENCE)

    def end(self) -> None:
        self._enough.set()

    def _is_started(self, client: Client, run_id: UUID, flow_slug: str, run_input: Any) -> bool:
        try:
            client.start(flow_slug, run_input, run_id=run_id)
        except DatabaseUnavailable:
            self.interruptions += 1
            return False
        return True


@contextmanager
def orders_at(url: str, *choice: Choice, pause: float = 0.01) -> Generator[Orders]:
    """Somebody who starts runs during the block; what went wrong with that is raised at its end.

    Runs of `quick`, unless somebody else chooses ids, flows and inputs.
    """
    orders = Orders(url, *choice, pause=pause)
    with ThreadPoolExecutor(max_workers=1) as threads:
        placing: Future[None] = threads.submit(orders.place)
        try:
            yield orders
        finally:
            orders.end()
        placing.result()


def settle(engine: Engine, orders: Orders) -> None:
    """Wait until all runs have ended, and check: none is lost, no effect is lost or doubled."""
    eventually(lambda: not engine.rows(_OPEN), within=PATIENCE)
    runs = {row["run_id"]: row for row in engine.rows("select * from pgflow.runs")}
    assert runs.keys() == set(orders.started)
    assert {(row["status"], row["output"]["sum"]) for row in runs.values()} == {
        ("completed", sum(NUMBERS))
    }
    assert Counter(_keys(engine, "public.effects")) == Counter(_keys(engine, "pgflow.step_tasks"))


_OPEN = "select from pgflow.runs where status = 'started'"


def _keys(engine: Engine, table: str) -> list[tuple[Any, ...]]:
    query = sql.SQL("select run_id, step_slug, task_index from {}")
    rows = engine.rows(query.format(sql.Identifier(*table.split("."))))
    return [tuple(row.values()) for row in rows]


def attempts(engine: Engine) -> Counter[int]:
    """How many tasks took how many attempts."""
    rows = engine.rows("select attempts_count from pgflow.step_tasks")
    return Counter(row["attempts_count"] for row in rows)
