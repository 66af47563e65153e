"""pgflow as its users use it: `Client.start`, `Client.start_many`, `Worker`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from benchmarks.flows import INPUTS, by_name
from benchmarks.programs.program import Stopwatch, main
from pgflow import Client, Flow, Worker, schema
from pgflow.definition.compile import compile_flow

CONCURRENCY = int(os.environ.get("BENCH_CONCURRENCY", "100"))


def flows_of(workload: str) -> list[Flow[Any]]:
    """A workload is a flow, or several of them joined by commas."""
    return [by_name[slug] for slug in workload.split(",")]


def prepare(url: str, flows: Iterable[Flow[Any]]) -> None:
    """Install the engine and register flows."""
    schema.install(url)
    with psycopg.connect(url) as connection:
        for flow in flows:
            for statement in compile_flow(flow.shape()):
                connection.execute(statement.encode())


class Ours:
    def prepare(self, url: str, workload: str) -> None:
        prepare(url, flows_of(workload))

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        (flow,) = flows_of(workload)
        watch = Stopwatch()
        with Client(url) as client:
            client.list_runs(flow)
            with watch.running():
                for _ in range(count):
                    client.start(flow, INPUTS[workload])
        return watch.seconds

    def start_many(self, url: str, workload: str, count: int) -> float:
        watch = Stopwatch()
        with Client(url) as client:
            for flow in flows_of(workload):
                client.list_runs(flow)
                with watch.running():
                    client.start_many(flow, [INPUTS[flow.slug]] * count)
        return watch.seconds

    def work(self, url: str, workload: str, go: Callable[[], None]) -> None:
        flows = flows_of(workload)
        # Loaded here as the peers load theirs, when they are imported: what decodes and encodes.
        for flow in flows:
            for step in flow.steps.values():
                step.prepare()
        go()
        Worker(flows, database_url=url, concurrency=CONCURRENCY).run_sync()


if __name__ == "__main__":
    main(Ours())
