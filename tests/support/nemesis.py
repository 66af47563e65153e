"""Whoever breaks things: workers, connections, the server, and the plans of the users."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from threading import Timer
from typing import LiteralString

import psycopg

from tests.support.engine import Engine
from tests.support.faulty_proxy import FaultyProxy
from tests.support.mortal_server import MortalServer
from tests.support.worker_process import WorkerProcess

LONGEST_PAUSE = 8.0


class Nemesis:
    """Breaks something now and then, as the seed wants it, and counts what it has broken."""

    def __init__(
        self,
        seed: int,
        *,
        server: MortalServer,
        url: str,
        proxy: FaultyProxy,
        hire: Callable[[], WorkerProcess],
        crew: int,
    ) -> None:
        self._chance = random.Random(seed)
        self._server = server
        self._url = url
        self._proxy = proxy
        self._hire = hire
        self._crew = [hire() for _ in range(crew)]
        self._timers: list[Timer] = []
        self.faults: Counter[str] = Counter()
        self._acts: dict[Callable[[], None], int] = {
            self.kill_a_worker: 6,
            self.pause_a_worker: 6,
            self.stop_a_worker: 3,
            self.terminate_a_backend: 8,
            self.terminate_all_backends: 2,
            self.cut_the_network: 4,
            self.silence_the_network: 3,
            self.lose_the_answer_to_a_claim: 5,
            self.lose_the_answer_to_a_commit: 5,
            self.restart_the_server: 1,
            self.kill_the_server: 1,
            self.crash_the_server: 1,
            self.hold_a_run: 2,
            self.cancel_a_run: 4,
            self.retry_a_run: 6,
            self.requeue_stalled_tasks: 3,
        }

    def rage_until(self, deadline: float) -> None:
        acts, weights = list(self._acts), list(self._acts.values())
        while time.monotonic() < deadline:
            (act,) = self._chance.choices(acts, weights)
            try:
                act()
            except psycopg.OperationalError:
                continue
            self.faults[act.__name__.replace("_", " ")] += 1
            self._wait(self._chance.uniform(0.05, 0.5))

    def relent(self) -> None:
        """Break nothing any more; what was killed or paused is replaced or goes on."""
        for timer in self._timers:
            timer.join()
        for worker in self._crew:
            worker.resume()
        self._proxy.speak_again()

    # Workers

    def kill_a_worker(self) -> None:
        self._replace(lambda worker: worker.kill())

    def stop_a_worker(self) -> None:
        self._replace(lambda worker: worker.asks_to_stop())

    def pause_a_worker(self) -> None:
        worker = self._chance.choice(self._crew)
        worker.pause()
        self._later(self._chance.uniform(0.5, LONGEST_PAUSE), worker.resume)

    def _replace(self, end: Callable[[WorkerProcess], None]) -> None:
        place = self._chance.randrange(len(self._crew))
        end(self._crew[place])
        self._crew[place] = self._hire()

    # Connections

    def terminate_a_backend(self) -> None:
        self._sql(_TERMINATE + " order by random() limit 1")

    def terminate_all_backends(self) -> None:
        self._sql(_TERMINATE)

    def cut_the_network(self) -> None:
        self._proxy.cut()

    def silence_the_network(self) -> None:
        self._proxy.fall_silent()
        self._later(self._chance.uniform(0.2, 3), self._proxy.speak_again)

    def lose_the_answer_to_a_claim(self) -> None:
        self._proxy.lose_next_answer("pgflow claims")

    def lose_the_answer_to_a_commit(self) -> None:
        self._proxy.lose_next_answer("pgflow handlers", to="COMMIT")

    # The server

    def restart_the_server(self) -> None:
        self._server.restart("fast")

    def kill_the_server(self) -> None:
        self._server.restart("immediate")

    def crash_the_server(self) -> None:
        self._server.crash()

    # People

    def hold_a_run(self) -> None:
        """Somebody's transaction holds a run for a while."""
        with ExitStack() as until_then:
            engine = Engine.connect(self._url)
            until_then.callback(engine.close)
            engine.do("begin")
            engine.do(f"select from pgflow.runs where run_id = ({_ANY_RUN}) for no key update")
            self._later(self._chance.uniform(0.1, 2), until_then.pop_all().close)

    def cancel_a_run(self) -> None:
        self._sql(f"select pgflow.cancel_run(run_id) from ({_ANY_RUN}) as picked")

    def retry_a_run(self) -> None:
        self._sql(
            """select pgflow.retry_run(run_id) from pgflow.runs
            where status in ('failed', 'cancelled') order by random() limit 1"""
        )

    def requeue_stalled_tasks(self) -> None:
        self._sql("select pgflow.requeue_stalled_tasks()")

    def _sql(self, statement: LiteralString) -> None:
        engine = Engine.connect(self._url)
        try:
            engine.do(statement)
        finally:
            engine.close()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._timers.append(Timer(seconds, act))
        self._timers[-1].start()

    def _wait(self, seconds: float) -> None:
        timer = Timer(seconds, lambda: None)
        timer.start()
        timer.join()


_ANY_RUN: LiteralString = (
    "select run_id from pgflow.runs where status = 'started' order by random() limit 1"
)
_TERMINATE: LiteralString = """select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name like 'pgflow%%'"""
