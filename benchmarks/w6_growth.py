"""W6: W1 in a database that has seen many runs, beside one that has seen none; and full queues."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from benchmarks.bench import Bench, Sample
from benchmarks.contender import OURS
from benchmarks.flows import INPUTS, STEPS
from benchmarks.throughput import Work, work_off
from pgflow import Client

# Of a history, so many runs are started and worked off at a time.
CHAPTER = 25_000

RATE = """
  select count(*) / extract(epoch from max(completed_at) - min(started_at))::float8
  from pgflow.step_tasks where status = 'completed'
"""


def run(bench: Bench) -> Iterator[Sample]:
    runs = bench.of(tiny=20, quick=2500, full=5000)
    stored = bench.of(tiny=100, quick=50_000, full=1_000_000)
    delayed = bench.of(tiny=20, quick=10_000, full=10_000)
    with (
        bench.server.database() as empty,
        bench.server.database() as old,
        bench.server.database() as patient,
    ):
        for url in (empty, old, patient):
            OURS.prepare(url, "hello")
        _live_through(old, stored)
        _delay(patient, delayed)
        for _ in range(bench.of(tiny=1, quick=3, full=4)):
            yield _measure(empty, runs, "steps/s, nothing stored")
            yield _measure(old, runs, f"steps/s, {stored} runs stored")
            yield _measure(patient, runs, f"steps/s, {delayed} delayed tasks")
    waiting = bench.of(tiny=200, quick=20_000, full=500_000)
    yield _measure_long_queue(bench, waiting, seconds=bench.of(tiny=1.0, quick=3.0, full=8.0))


def _measure(url: str, runs: int, metric: str) -> Sample:
    return Sample("W6", metric, OURS.name, _work_through(url, runs).steps_per_second)


def _live_through(url: str, runs: int) -> None:
    """A history as the engine leaves it behind, with the pages and indexes that come of it."""
    for begin in range(0, runs, CHAPTER):
        _work_through(url, min(CHAPTER, runs - begin))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")


def _work_through(url: str, runs: int) -> Work:
    since = time.time()
    OURS.start_many(url, "hello", runs)
    return work_off(OURS, url, "hello", runs, steps=runs * STEPS["hello"], since=since)


def _measure_long_queue(bench: Bench, waiting: int, *, seconds: float) -> Sample:
    """The rate while so many tasks wait; nobody waits for their end."""
    with bench.server.database() as url:
        OURS.prepare(url, "hello")
        OURS.start_many(url, "hello", waiting)
        with OURS.workers(url, "hello", 1) as (worker,):
            worker.go()
            time.sleep(seconds)
        with psycopg.connect(url) as connection:
            [(rate,)] = connection.execute(RATE).fetchall()
    return Sample("W6", f"steps/s, {waiting} tasks waiting", OURS.name, rate)


def _delay(url: str, runs: int) -> None:
    """Runs whose first steps are due in an hour."""
    with Client(url) as client:
        client.start_many("hello", [INPUTS["hello"]] * runs, delay=3600)
