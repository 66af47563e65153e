"""One trace over several processes: a client, two workers, and processes of theirs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pgflow import Client
from tests.support.eventually import eventually
from tests.support.spans import VARIABLE, SpanFiles, Tree
from tests.support.worker_process import ROOT
from tests.telemetry.program import MEETING_PLACE, broken, relay
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench

Program = Callable[..., subprocess.Popen[bytes]]

RELAY = (
    "run relay",
    "run relay > step draw",
    "run relay > step draw > attempt draw",
    "run relay > step draw > attempt draw > shuffle",
    "run relay > step sprint",
    *["run relay > step sprint > attempt sprint"] * 4,
    *["run relay > step sprint > attempt sprint > stride"] * 4,
)


@pytest.fixture
def spans(tmp_path: Path) -> Path:
    """Where all processes write what they trace."""
    directory = tmp_path / "spans"
    directory.mkdir()
    return directory


@pytest.fixture
def program(
    bench: Workbench, spans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Program]:
    """Starts `pgflow worker` with telemetry, as a process of its own."""
    monkeypatch.setenv("PGFLOW_DATABASE_URL", bench.dsn)
    monkeypatch.setenv("PGFLOW_TELEMETRY", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(VARIABLE, str(spans))
    monkeypatch.setenv(MEETING_PLACE, str(tmp_path / "met"))
    (tmp_path / "met").mkdir()
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pgflow", "worker", "tests.telemetry.program"]
        started.append(subprocess.Popen([*command, *arguments], cwd=ROOT))
        return started[-1]

    bench.register(relay, broken)
    yield start
    for process in started:
        process.kill()
        process.wait()


def seen(directory: Path, *, count: int) -> Tree:
    """What all processes have written, once there are so many spans."""
    eventually(lambda: len(SpanFiles.read(directory).spans) >= count, within=60)
    return SpanFiles.read(directory)


def files(directory: Path, name: str) -> int:
    """How many processes have written spans of that name."""
    return sum(f'"name": "{name}"' in file.read_text() for file in directory.glob("*"))


@pytest.mark.slow
def test_two_workers_and_a_client_write_one_trace(
    bench: Workbench, program: Program, watch: Watch, spans: Path
) -> None:
    for _ in range(2):
        program("--concurrency", "1")
    with Client(bench.dsn, telemetry=watch.telemetry) as client, watch.span("request"):
        run: Any = client.start(relay, None)

    run.wait(timeout=60)
    tree = Tree([*seen(spans, count=len(RELAY)).spans, *watch.tree().spans])

    assert tree.paths == sorted(["request", *(f"request > {path}" for path in RELAY)])
    assert len(tree.trace_ids) == 1
    assert files(spans, "attempt sprint") == 2


@pytest.mark.slow
def test_no_span_of_many_runs_is_missing_or_there_twice(
    bench: Workbench, program: Program, spans: Path
) -> None:
    for _ in range(2):
        program("--concurrency", "2")
    bench.start_many(relay, 50)

    tree = seen(spans, count=50 * len(RELAY))

    assert tree.paths == sorted([*RELAY] * 50)
    assert len(tree.trace_ids) == 50
    assert files(spans, "attempt sprint") == 2


@pytest.mark.slow
def test_the_spans_of_handlers_in_other_processes_stand_below_their_attempts(
    bench: Workbench, program: Program, spans: Path
) -> None:
    bench.start(relay)
    bench.start(broken)

    worker = program("--executor", "process", "--concurrency", "2", "--once")
    assert worker.wait(60) == 0
    tree = SpanFiles.read(spans)

    assert tree.paths == sorted(
        [*RELAY, "run broken", "run broken > step fall", "run broken > step fall > attempt fall"]
    )
    assert files(spans, "attempt sprint") == 1
    assert files(spans, "stride") == 2
    (event,) = tree.one("attempt fall").events
    assert event["attributes"] == {
        "exception.type": "Fail",
        "exception.message": "over a stone",
    }
