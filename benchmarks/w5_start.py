"""W5: starting runs from one client, one at a time and in bulk."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Sample


def run(bench: Bench) -> Iterator[Sample]:
    singly = bench.of(tiny=10, quick=1000, full=5000)
    bulk = bench.of(tiny=10, quick=5000, full=5000)
    for contender in bench.interleaved(bench.everybody):
        with bench.server.database() as url:
            contender.prepare(url, "hello")
            count = max(10, int(singly * contender.share))
            seconds = contender.start_one_by_one(url, "hello", count)
            yield Sample("W5", "one at a time, runs/s", contender.name, count / seconds)
            if contender.starts_in_bulk:
                seconds = contender.start_many(url, "hello", bulk)
                yield Sample("W5", "in bulk, runs/s", contender.name, bulk / seconds)
