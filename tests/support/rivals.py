"""Sessions that get into each other's way: each may block while the test looks on."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import errors, sql

from tests.support.engine import Engine
from tests.support.eventually import eventually

T = TypeVar("T")
Call = Callable[[Engine], T]

# Longer than any call takes that is not blocked; only a failing test gets this far.
PATIENCE = 60.0


class Rival:
    """One session. What it is told to do happens in a thread of its own, in order."""

    def __init__(self, dsn: str) -> None:
        self.engine = Engine.connect(dsn)
        self._thread = ThreadPoolExecutor(max_workers=1)

    @property
    def pid(self) -> int:
        return self.engine.connection.info.backend_pid

    def does(self, call: Call[T]) -> T:
        """Do it now, and return what came of it."""
        return self.sends(call).result(PATIENCE)

    def sends(self, call: Call[T]) -> Future[T]:
        """Begin to do it; it may take until somebody else commits."""
        return self._thread.submit(call, self.engine)

    def begins(self, call: Call[T]) -> T:
        """Do it in a transaction that stays open."""
        self.does(lambda engine: engine.do("begin"))
        return self.does(call)

    def commits(self) -> None:
        self.does(lambda engine: engine.do("commit"))

    def rolls_back(self) -> None:
        self.does(lambda engine: engine.do("rollback"))

    def leaves(self) -> None:
        """End the session, whatever it is at. Twice does no harm."""
        if not self.engine.connection.closed:
            self.engine.connection.cancel_safe(timeout=PATIENCE)
        self._thread.shutdown(wait=True)
        self.engine.close()


@contextmanager
def rivals_on(dsn: str) -> Generator[Callable[[], Rival]]:
    """Makes rivals, and sees them off in the end."""
    present: list[Rival] = []

    def join() -> Rival:
        present.append(Rival(dsn))
        return present[-1]

    try:
        yield join
    finally:
        for rival in present:
            rival.leaves()


def see_off(engine: Engine, rival: Rival) -> None:
    """End a session, and wait until the server has freed what it held."""
    pid = rival.pid
    rival.leaves()
    eventually(lambda: not engine.rows("select from pg_stat_activity where pid = %(pid)s", pid=pid))


def until_blocked(engine: Engine, waiting: Rival, by: Rival) -> None:
    """Wait until one session waits for a lock that the other one holds."""
    eventually(lambda: is_blocked(engine, waiting, by))


def is_blocked(engine: Engine, waiting: Rival, by: Rival) -> bool:
    return engine.value(
        "select %(by)s = any(pg_blocking_pids(%(waiting)s))", by=by.pid, waiting=waiting.pid
    )


def is_free(engine: Engine, table: str, condition: LiteralString, **params: Any) -> bool:
    """Whether nobody holds a lock on the rows, such as writing to them takes."""
    query = sql.SQL("select from {} where {} for no key update nowait").format(
        sql.Identifier(*table.split(".")), sql.SQL(condition)
    )
    try:
        rows = engine.rows(query, **params)
    except errors.LockNotAvailable:
        return False
    assert rows, f"no such rows in {table}: {condition}"
    return True


def all_at_once(dsn: str, calls: list[Call[T]]) -> list[T | psycopg.Error]:
    """Do all of this at the same moment, each on a connection of its own; what came of each."""
    engines = [Engine.connect(dsn) for _ in calls]
    start = Barrier(len(calls))

    def attempt(call: Call[T], engine: Engine) -> T | psycopg.Error:
        start.wait(PATIENCE)
        try:
            return call(engine)
        except psycopg.Error as error:
            return error

    try:
        with ThreadPoolExecutor(max_workers=len(calls)) as threads:
            return list(threads.map(attempt, calls, engines))
    finally:
        for engine in engines:
            engine.close()
