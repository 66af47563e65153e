"""A measured system, seen from outside: a command to call and a query that says what has ended."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import psycopg

HERE = Path(__file__).parent
PATIENCE = 240.0
LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Contender:
    """One system. `finished` gives how many runs have completed and when, as seconds, the last did.
    Where a system works in the same database again, it counts those started after `since` only.

    `share`: of the runs that we are given. What is slow needs fewer of them for the same answer.
    """

    name: str
    command: tuple[str, ...]
    finished: LiteralString
    share: float = 1.0
    starts_in_bulk: bool = True
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    def prepare(self, url: str, workload: str) -> None:
        self._ask("prepare", url, workload)

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        """The seconds it took to start so many runs one at a time."""
        return float(json.loads(self._ask("start-one", url, workload, str(count)))["seconds"])

    def start_many(self, url: str, workload: str, count: int) -> float:
        """The seconds it took to start so many runs in bulk."""
        return float(json.loads(self._ask("start-many", url, workload, str(count)))["seconds"])

    @contextlib.contextmanager
    def workers(self, url: str, workload: str, count: int) -> Generator[list[WorkerProcess]]:
        """Worker processes that are loaded and wait for `go`; killed after the block."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self._worker(url, workload)) for _ in range(count)]

    @contextlib.contextmanager
    def _worker(self, url: str, workload: str) -> Generator[WorkerProcess]:
        process = subprocess.Popen(
            [*self.command, "work", url, workload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment(),
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                message = f"{self.name} does not get ready: exit code {process.wait(10)}"
                raise RuntimeError(message)
            yield WorkerProcess(process)
        finally:
            process.kill()
            process.wait()

    def _ask(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self.command, *arguments],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment(),
            timeout=PATIENCE,
        )
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        return {**os.environ, "PYTHONPATH": path, **self.environment}

    def wait(self, connection: psycopg.Connection, count: int, *, since: float = 0.0) -> float:
        """The time at which the last of so many runs has completed; times as seconds since 1970."""
        give_up = time.monotonic() + PATIENCE
        finished = 0
        while time.monotonic() < give_up:
            [(finished, last)] = connection.execute(self.finished, {"since": since}).fetchall()
            if finished >= count:
                return float(last)
            time.sleep(LOOK_EVERY)
        message = f"{self.name}: {finished} of {count} runs have completed after {PATIENCE:.0f} s"
        raise TimeoutError(message)


class WorkerProcess:
    """A worker that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        self._process.kill()

    def cpu(self) -> float:
        """The CPU seconds of all its threads so far."""
        return cpu_seconds(self.pid)

    def memory(self) -> int:
        """The most memory that it has held, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (peak,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak) * 1024


def cpu_seconds(pid: int) -> float:
    """The CPU seconds of a process, all threads; finer than the clock ticks of /proc/<pid>/stat."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in threads) / 1e9


def backend_cpu(connection: psycopg.Connection) -> float:
    """The CPU seconds of the server's processes for this database, ours left out."""
    rows = connection.execute(
        "select pid from pg_stat_activity where datname = current_database() and pid <> %s",
        [connection.info.backend_pid],
    )
    return sum(cpu_seconds(pid) for (pid,) in rows)


OURS = Contender(
    "pgflow",
    (sys.executable, "-m", "benchmarks.programs.ours"),
    "select count(*), extract(epoch from max(r.completed_at)) from pgflow.flows f "
    "join pgflow.runs r on r.flow_slug = f.flow_slug "
    "where r.started_at > to_timestamp(%(since)s) and r.status = 'completed'",
)
_LIMIT_FINISHED = (
    "select count(*), extract(epoch from max(completed_at)) from lean.runs "
    "where status = 'completed'"
)
LIMIT = Contender(
    "limit", (sys.executable, "-m", "benchmarks.programs.limit", "plain"), _LIMIT_FINISHED
)
LIMIT_PGMQ = Contender(
    "limit with pgmq", (sys.executable, "-m", "benchmarks.programs.limit", "pgmq"), _LIMIT_FINISHED
)
