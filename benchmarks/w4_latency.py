"""W4: three steps one after the other, one run at a time; idle, and beside W1."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from benchmarks.bench import Bench, Sample, spread
from benchmarks.contender import OURS
from benchmarks.flows import INPUTS, hello, relay
from pgflow import Client


def run(bench: Bench) -> Iterator[Sample]:
    times = bench.of(tiny=3, quick=100, full=200)
    yield from _measure(bench, "idle", times)
    if bench.extent != "tiny":
        yield from _measure(bench, "beside W1, same worker", times, beside=("hello,relay",))
        yield from _measure(bench, "beside W1, other worker", times, beside=("relay", "hello"))


def _measure(
    bench: Bench, situation: str, times: int, *, beside: tuple[str, ...] = ()
) -> Iterator[Sample]:
    with bench.server.database() as url, Client(url) as client:
        OURS.prepare(url, "hello,relay")
        if beside:
            client.start_many(hello, [INPUTS["hello"]] * 30_000)
        served = beside or ("relay",)
        with Workers(url, served):
            client.start(relay, {"at": 0.0}).wait(30)
            laps = [_lap(client) for _ in range(times)]
    first, between, whole = zip(*laps, strict=True)
    yield from spread("W4", f"{situation}: start to first handler", OURS.name, first)
    steps = [seconds for pair in between for seconds in pair]
    yield from spread("W4", f"{situation}: step to next step", OURS.name, steps)
    yield from spread("W4", f"{situation}: start to completed", OURS.name, whole)


class Workers:
    """A worker process for each of these sets of flows."""

    def __init__(self, url: str, served: tuple[str, ...]) -> None:
        self._contexts = [OURS.workers(url, flows, 1) for flows in served]

    def __enter__(self) -> None:
        for context in self._contexts:
            for worker in context.__enter__():
                worker.go()

    def __exit__(self, *exception: Any) -> None:
        for context in self._contexts:
            context.__exit__(*exception)


def _lap(client: Client) -> tuple[float, tuple[float, float], float]:
    """Seconds: start to first handler, the two ways from step to step, start to completed."""
    began = time.time()
    told = client.start(relay, {"at": began}).wait(60)["three"]
    ended = time.time()
    between = (told["two"] - told["one"], told["three"] - told["two"])
    return told["one"] - began, between, ended - began
