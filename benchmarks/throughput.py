"""Runs started up front, then workers: how long until the last one has completed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from benchmarks.bench import Bench, Sample
from benchmarks.contender import Contender, WorkerProcess, backend_cpu
from benchmarks.flows import STEPS
from benchmarks.server import BenchServer


@dataclass(frozen=True, slots=True)
class Work:
    """What working runs off has cost, per step: microseconds of CPU, bytes of WAL."""

    seconds: float
    steps_per_second: float
    worker_cpu: float
    server_cpu: float
    wal: float

    def samples(self, workload: str, contender: str) -> Iterator[Sample]:
        yield Sample(workload, "steps/s", contender, self.steps_per_second)
        yield Sample(workload, "worker CPU per step (us)", contender, self.worker_cpu)
        yield Sample(workload, "server CPU per step (us)", contender, self.server_cpu)
        both = self.worker_cpu + self.server_cpu
        yield Sample(workload, "CPU per step, worker and server (us)", contender, both)
        yield Sample(workload, "WAL per step (bytes)", contender, self.wal)


def compare(bench: Bench, workload: str, flow: str, runs: int) -> Iterator[Sample]:
    """Everybody works the same flow off, in turns."""
    for contender in bench.interleaved(bench.everybody):
        count = max(10, int(runs * contender.share))
        work = work_off_afresh(contender, bench.server, flow, count)
        yield from work.samples(workload, contender.name)


def work_off_afresh(
    contender: Contender, server: BenchServer, flow: str, runs: int, *, workers: int = 1
) -> Work:
    """In a database of its own: start runs, then work them off."""
    with server.database() as url:
        contender.prepare(url, flow)
        contender.start_many(url, flow, runs)
        return work_off(contender, url, flow, runs, steps=runs * STEPS[flow], workers=workers)


def work_off(
    contender: Contender,
    url: str,
    flows: str,
    runs: int,
    *,
    steps: int,
    workers: int = 1,
    since: float = 0.0,
) -> Work:
    """Have workers work off the runs that were started after `since` (seconds since 1970)."""
    with (
        psycopg.connect(url, autocommit=True) as connection,
        contender.workers(url, flows, workers) as processes,
    ):
        written, used = _wal(connection), _cpu(processes)
        began = time.time()
        for process in processes:
            process.go()
        seconds = contender.wait(connection, runs, since=since) - began
        return Work(
            seconds=seconds,
            steps_per_second=steps / seconds,
            worker_cpu=(_cpu(processes) - used) / steps * 1e6,
            server_cpu=backend_cpu(connection) / steps * 1e6,
            wal=(_wal(connection) - written) / steps,
        )


def _cpu(processes: list[WorkerProcess]) -> float:
    return sum(process.cpu() for process in processes)


def _wal(connection: psycopg.Connection) -> int:
    rows = connection.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchall()
    return int(rows[0][0])
