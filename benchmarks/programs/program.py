"""What a measured program is asked to do on its command line. The standard library only.

<program> prepare URL WORKLOAD        install what it needs in an empty database
<program> start-one URL WORKLOAD N    start N runs one at a time; print the seconds
<program> start-many URL WORKLOAD N   start N runs in bulk where it can; print the seconds
<program> work URL WORKLOAD           say "ready", wait for a line on stdin, work until killed
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol


class Program(Protocol):
    def prepare(self, url: str, workload: str) -> None: ...
    def start_one_by_one(self, url: str, workload: str, count: int) -> float: ...
    def start_many(self, url: str, workload: str, count: int) -> float: ...
    def work(self, url: str, workload: str, go: Callable[[], None]) -> None: ...


class Stopwatch:
    """Seconds that a block took."""

    seconds = 0.0

    @contextmanager
    def running(self) -> Generator[None]:
        began = time.perf_counter()
        yield
        self.seconds = time.perf_counter() - began


def main(program: Program) -> None:
    """Do what the command line says."""
    command, url, workload, *rest = sys.argv[1:]
    match command:
        case "prepare":
            program.prepare(url, workload)
        case "start-one":
            _print_seconds(program.start_one_by_one(url, workload, int(rest[0])))
        case "start-many":
            _print_seconds(program.start_many(url, workload, int(rest[0])))
        case "work":
            program.work(url, workload, _wait_for_go)
        case _:
            sys.exit(f"unknown command {command!r}")


def _print_seconds(seconds: float) -> None:
    print(json.dumps({"seconds": seconds}), flush=True)


def _wait_for_go() -> None:
    print("ready", flush=True)
    sys.stdin.readline()
