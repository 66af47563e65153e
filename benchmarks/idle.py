"""What a worker costs that has nothing to do: CPU, and transactions of the database."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from benchmarks.bench import Bench, Sample
from benchmarks.contender import OURS
from benchmarks.flows import many

TRANSACTIONS = (
    "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
)
# A session that has become idle tells the server of its transactions ten seconds later.
SETTLE = 12.0


def run(bench: Bench) -> Iterator[Sample]:
    # Its visits would be counted as the worker's.
    bench.server.switch_off_autovacuum()
    for flows in bench.of(tiny=(1,), quick=(1, 50), full=(1, 50, 200)):
        yield from _measure(bench, flows, seconds=bench.of(tiny=1.0, quick=8.0, full=20.0))


def _measure(bench: Bench, flows: int, *, seconds: float) -> Iterator[Sample]:
    served = ",".join(list(many)[:flows])
    with bench.server.database() as url:
        OURS.prepare(url, served)
        with OURS.workers(url, served, 1) as (worker,):
            worker.go()
            time.sleep(bench.of(tiny=0.5, quick=SETTLE, full=SETTLE))
            before, used, began = _transactions(url), worker.cpu(), time.perf_counter()
            time.sleep(seconds)
            after, cpu, passed = _transactions(url), worker.cpu(), time.perf_counter() - began
    queries = max(0, after - before - 1) / passed
    yield Sample("idle", f"{flows} flows: queries/s", OURS.name, queries)
    yield Sample("idle", f"{flows} flows: % of a core", OURS.name, (cpu - used) / passed * 100)


def _transactions(url: str) -> int:
    """Asked from a session of its own, which counts as one when it has ended."""
    with psycopg.connect(url, autocommit=True) as connection:
        [(count,)] = connection.execute(TRANSACTIONS).fetchall()
    return int(count)
