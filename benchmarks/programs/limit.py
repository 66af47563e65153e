"""The limit: our own minimal set-based SQL, driven over one connection without any handler."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.string import TextLoader

from benchmarks.flows import INPUTS
from benchmarks.programs.program import Stopwatch, main
from pgflow import schema

SQL = Path(__file__).parent.parent / "limit"
BATCH = 100
EXCHANGE = "select * from lean.exchange(%s::jsonb, %s)"


class Limit:
    def __init__(self, queue: str) -> None:
        self._queue = queue

    def prepare(self, url: str, workload: str) -> None:
        del workload
        with psycopg.connect(url, autocommit=True) as connection:
            if self._queue == "pgmq":
                schema.install_pgmq(connection)
            for file in ("lean", f"queue_{self._queue}"):
                connection.execute((SQL / f"{file}.sql").read_bytes())

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        return self._start(url, workload, [1] * count)

    def start_many(self, url: str, workload: str, count: int) -> float:
        full, rest = divmod(count, 1000)
        return self._start(url, workload, [1000] * full + [rest] * bool(rest))

    def _start(self, url: str, workload: str, sizes: list[int]) -> float:
        watch = Stopwatch()
        with (
            psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection,
            watch.running(),
        ):
            for size in sizes:
                inputs = json.dumps([INPUTS[workload]] * size)
                connection.execute("select lean.start(%s, %s::jsonb)", [workload, inputs])
        return watch.seconds

    def work(self, url: str, workload: str, go: Callable[[], None]) -> None:
        del workload
        go()
        with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
            connection.adapters.register_loader("jsonb", TextLoader)
            report = "[]"
            while True:
                tasks = connection.execute(EXCHANGE, [report, BATCH]).fetchall()
                report = _outcomes(tasks)
                if not tasks:
                    time.sleep(0.005)


def _outcomes(tasks: list[tuple[Any, ...]]) -> str:
    """Every task completed with a small dict."""
    members = (
        f'{{"msg_id":{msg_id},"run_id":"{run_id}","step":"{step}","output":{{"ok":true}}}}'
        for msg_id, run_id, step, _ in tasks
    )
    return f"[{','.join(members)}]"


if __name__ == "__main__":
    main(Limit(sys.argv.pop(1)))
