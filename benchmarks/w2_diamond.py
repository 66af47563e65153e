"""W2: one step, two that wait for it, and one that waits for both."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Sample
from benchmarks.throughput import compare


def run(bench: Bench) -> Iterator[Sample]:
    yield from compare(bench, "W2", "diamond", bench.of(tiny=20, quick=2500, full=2500))
