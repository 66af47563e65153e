"""W3: one run, a map over many elements, then a step that takes all results."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.bench import Bench, Sample
from benchmarks.contender import OURS
from benchmarks.flows import by_name, elements
from pgflow import Client


def run(bench: Bench) -> Iterator[Sample]:
    for count in bench.of(
        tiny=(20,), quick=(1000, 5000, 10_000), full=(1000, 5000, 10_000, 50_000)
    ):
        yield from _measure(bench, "fan_out", count)
    yield from _measure(bench, "two_maps", bench.of(tiny=20, quick=2000, full=10_000))
    yield from _measure(bench, "fan_out", bench.of(tiny=5, quick=500, full=2000), size=10_000)


def _measure(bench: Bench, flow: str, count: int, *, size: int = 100) -> Iterator[Sample]:
    """From the start call to the end of the run, with a worker that waits for work."""
    with bench.server.database() as url, Client(url) as client:
        OURS.prepare(url, flow)
        with OURS.workers(url, flow, 1) as (worker,):
            worker.go()
            client.start(by_name[flow], elements(2)).wait(30)
            began = time.perf_counter()
            client.start(by_name[flow], elements(count, size)).wait(200)
            seconds = time.perf_counter() - began
            label = f"{flow}, {count} x {size} bytes"
            yield Sample("W3", f"{label} (s)", OURS.name, seconds)
            yield Sample("W3", f"{label}, worker memory (MB)", OURS.name, worker.memory() / 1e6)
