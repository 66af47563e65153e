"""W7: fifty flows on one worker, all with work, and one with work beside idle ones."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench, Sample
from benchmarks.contender import OURS
from benchmarks.flows import many
from benchmarks.throughput import work_off

STEPS_OF_ONE = 2


def run(bench: Bench) -> Iterator[Sample]:
    # long enough that the checks of fifty flows at the worker's start do not count
    runs = bench.of(tiny=50, quick=10_000, full=20_000)
    all_flows = list(many)
    one, fifty = all_flows[:1], all_flows[:50]
    for _ in range(bench.of(tiny=1, quick=2, full=3)):
        yield _measure(bench, "one flow", one, one, runs)
        yield _measure(bench, "50 busy flows", fifty, fifty, runs)
        yield _measure(bench, "one busy flow, 49 idle", fifty, one, runs)
    if bench.extent == "full":
        yield _measure(bench, "200 busy flows", all_flows, all_flows, runs)


def _measure(bench: Bench, situation: str, served: list[str], busy: list[str], runs: int) -> Sample:
    with bench.server.database() as url:
        OURS.prepare(url, ",".join(served))
        OURS.start_many(url, ",".join(busy), runs // len(busy))
        work = work_off(OURS, url, ",".join(served), runs, steps=runs * STEPS_OF_ONE)
    return Sample("W7", f"steps/s, {situation}", OURS.name, work.steps_per_second)
