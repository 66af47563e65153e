"""Absurd: durable tasks whose steps are checkpoints."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from absurd_sdk import Absurd

from benchmarks.peers import handlers
from benchmarks.programs.program import Stopwatch, main

QUEUE = "bench"
BATCH = 100


def hello(params: dict[str, Any], context: Any) -> dict[str, Any]:
    name = context.step("full_name", lambda: handlers.full_name(params))
    return context.step("greeting", lambda: handlers.greeting(name))


def diamond(params: dict[str, Any], context: Any) -> dict[str, Any]:
    website = context.step("website", lambda: handlers.website(params))
    sentiment = context.step("sentiment", lambda: handlers.sentiment(website))
    summary = context.step("summary", lambda: handlers.summary(website))
    return context.step("save", lambda: handlers.save(sentiment, summary))


def _app(url: str) -> Absurd:
    app = Absurd(psycopg.connect(url, autocommit=True), queue_name=QUEUE)
    app.register_task(name="hello")(hello)
    app.register_task(name="diamond")(diamond)
    return app


class AbsurdPeer:
    def prepare(self, url: str, workload: str) -> None:
        del workload
        tool = Path(sys.executable).parent / "absurdctl"
        environment = {**os.environ, "PGDATABASE": url}
        environment.pop("ABSURD_DATABASE_URL", None)
        subprocess.run([tool, "init"], check=True, env=environment, stdout=subprocess.DEVNULL)
        _app(url).create_queue()

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        app, watch = _app(url), Stopwatch()
        with watch.running():
            for _ in range(count):
                app.spawn(workload, handlers.INPUTS[workload])
        return watch.seconds

    # There is no call that spawns many tasks.
    start_many = start_one_by_one

    def work(self, url: str, workload: str, go: Callable[[], None]) -> None:
        """One after the other on one connection: its threads would wait for that connection."""
        del workload
        go()
        _app(url).start_worker(batch_size=BATCH, poll_interval=0.01)


if __name__ == "__main__":
    main(AbsurdPeer())
