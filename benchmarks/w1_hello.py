"""W1: two steps one after the other, runs started up front."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Sample
from benchmarks.contender import OURS
from benchmarks.throughput import compare, work_off_afresh


def run(bench: Bench) -> Iterator[Sample]:
    runs = bench.of(tiny=20, quick=5000, full=5000)
    yield from compare(bench, "W1", "hello", runs)
    for _ in bench.interleaved((OURS,)):
        work = work_off_afresh(OURS, bench.server, "hello", runs, workers=2)
        yield Sample("W1", "steps/s, two workers", OURS.name, work.steps_per_second)
