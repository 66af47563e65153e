"""W1 with one to four worker processes: how throughput grows, and where it stops."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Sample
from benchmarks.contender import OURS
from benchmarks.throughput import work_off_afresh


def run(bench: Bench) -> Iterator[Sample]:
    runs = bench.of(tiny=20, quick=5000, full=10_000)
    for _ in bench.interleaved((OURS,)):
        for workers in bench.of(tiny=(1,), quick=(1, 2), full=(1, 2, 3, 4, 6, 8)):
            work = work_off_afresh(OURS, bench.server, "hello", runs, workers=workers)
            yield Sample("scale", f"steps/s, {workers} workers", OURS.name, work.steps_per_second)
