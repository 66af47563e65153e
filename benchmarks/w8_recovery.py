"""W8: eight busy workers, one is killed: how soon do its tasks run elsewhere?"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import psycopg

from benchmarks.bench import Bench, Sample, percentile
from benchmarks.contender import OURS, WorkerProcess
from benchmarks.flows import slow
from pgflow import Client

CONTENDER = replace(OURS, environment={"BENCH_CONCURRENCY": "30"})
WORKERS = 8
TASKS = 80

HELD = """
  select w.function_name, array_agg(t.run_id) from pgflow.step_tasks t
  join pgflow.workers w on w.worker_id = t.last_worker_id
  where t.status = 'started' group by 1 order by count(*) desc
"""
RESUMED = """
  select (output ->> 'at')::float8 from pgflow.step_tasks
  where run_id = any (%s) and status = 'completed'
"""


def run(bench: Bench) -> Iterator[Sample]:
    killed = [
        seconds
        for _ in range(bench.of(tiny=1, quick=3, full=8))
        for seconds in _measure(bench, signal.SIGKILL)
    ]
    yield Sample("W8", "kill -9: p50 (s)", OURS.name, percentile(killed, 50))
    yield Sample("W8", "kill -9: most (s)", OURS.name, max(killed))
    if bench.extent == "full":
        # Its connections stay open and nothing answers, as when a host vanishes.
        frozen = _measure(bench, signal.SIGSTOP)
        yield Sample("W8", "vanished: most (s)", OURS.name, max(frozen))


def _measure(bench: Bench, death: signal.Signals) -> list[float]:
    """Seconds from the death of a worker to the next attempt of each of its tasks."""
    with bench.server.database() as url, Client(url) as client:
        CONTENDER.prepare(url, "slow")
        with CONTENDER.workers(url, "slow", WORKERS) as workers:
            for worker in workers:
                worker.go()
            client.start_many(slow, [{"seconds": 60}] * TASKS)
            with psycopg.connect(url, autocommit=True) as connection:
                pid, run_ids = _busiest(connection, workers)
                # Some way between two of its heartbeats, and of the others'.
                time.sleep(random.uniform(1.5, 4.5))  # noqa: S311 - no secret
                died = time.time()
                os.kill(pid, death)
                return [at - died for at in _resumed(connection, run_ids)]


def _busiest(connection: psycopg.Connection, workers: list[WorkerProcess]) -> tuple[int, list[str]]:
    """Once all tasks run: the process that holds most of them, and the runs that they belong to."""
    while True:
        rows = connection.execute(HELD).fetchall()
        if sum(len(run_ids) for _, run_ids in rows) == TASKS:
            name, run_ids = rows[0]
            pid = int(name.rpartition(":")[2])
            assert pid in {worker.pid for worker in workers}
            return pid, run_ids
        time.sleep(0.05)


def _resumed(connection: psycopg.Connection, run_ids: list[str]) -> list[float]:
    """When the second attempts ran, once all of them have."""
    give_up = time.monotonic() + 40
    rows: list[tuple[float]] = []
    while time.monotonic() < give_up:
        rows = connection.execute(RESUMED, [run_ids]).fetchall()
        if len(rows) == len(run_ids):
            return [at for (at,) in rows]
        time.sleep(0.1)
    message = f"{len(rows)} of {len(run_ids)} tasks have run elsewhere after 40 s"
    raise TimeoutError(message)
