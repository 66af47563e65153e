"""Workers as processes of their own, that can be paused and killed.

Started by hand: python -m tests.support.worker_process '<its order as JSON>'
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from pgflow.definition.flow import Flow
from pgflow.worker import Worker
from tests.support.engine import Engine, Row
from tests.support.eventually import eventually

ROOT = Path(__file__).parent.parent.parent
START = 60.0

_numbers: Iterator[int] = count(1)


class WorkerProcess:
    """A worker in a process of its own; its order names the flows, or who makes them."""

    def __init__(self, url: str, log: Path, order: dict[str, Any], *wrapper: str) -> None:
        self.name = order["name"]
        self._url = url
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", __name__, json.dumps(order)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )

    @property
    def row(self) -> Row:
        """What the database knows of it."""
        with closing(Engine.connect(self._url)) as engine:
            query = "select * from pgflow.workers where function_name = %(name)s"
            return engine.row(query, name=self.name)

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def memory(self) -> int:
        """How much of the machine's memory it occupies (bytes)."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def until_registered(self) -> None:
        eventually(self._is_registered, within=START)

    def _is_registered(self) -> bool:
        assert self.is_alive, self.output
        query = "select from pgflow.workers where function_name = %(name)s and holds_lock"
        with closing(Engine.connect(self._url)) as engine:
            return bool(engine.rows(query, name=self.name))

    def kill(self) -> None:
        """Kill it: no handler of it sees anything coming."""
        self._process.kill()
        self._process.communicate()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def asks_to_stop(self) -> None:
        """Send it SIGTERM."""
        self._process.terminate()

    def ends(self, within: float = START) -> int:
        """Its exit status."""
        return self._process.wait(within)


Crew = Callable[..., WorkerProcess]


@contextmanager
def crew_on(url: str, logs: Path) -> Generator[Crew]:
    """Starts worker processes on a database, and sees them off in the end."""
    present: list[WorkerProcess] = []

    def start(flows: str, *wrapper: str, database_url: str = url, **options: Any) -> WorkerProcess:
        name = f"worker-{os.getpid()}-{next(_numbers)}"
        order = {"flows": flows, "name": name, "database_url": database_url, **options}
        present.append(WorkerProcess(url, logs / f"{name}.log", order, *wrapper))
        return present[-1]

    try:
        yield start
    finally:
        for worker in present:
            worker.resume()
            worker.kill()


def _end_with_parent() -> None:
    """The pipe from the test ends when the test does, however that comes about."""
    os.read(0, 1)
    os._exit(1)


def work(order: dict[str, Any]) -> None:
    """Be such a worker."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    module, _, name = order.pop("flows").partition(":")
    found: Any = getattr(import_module(module), name)
    flows: tuple[Flow[Any], ...] = found if isinstance(found, tuple) else found()
    Worker(flows, **order).run_sync()


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
