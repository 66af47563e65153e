"""`pgflow worker`: real processes on a real database."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.cli.flow_files import GROWN, LEAVING, PLAIN, write
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")


@pytest.fixture(autouse=True)
def tidy_logging() -> Iterator[None]:
    """The command sends all logging to its own standard error, which ends with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


class Terminal:
    """Starts `pgflow worker` as a shell does, and ends what is left at the end."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def __call__(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pgflow", "worker", *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        self._started.append(process)
        return process

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def terminal(cli: CommandLine) -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def live_workers(engine: Engine) -> set[UUID]:
    rows = engine.rows("select worker_id from pgflow.workers where stopped_at is null")
    return {row["worker_id"] for row in rows}


def attentive_workers(engine: Engine) -> int:
    """How many have got so far that they obey signals: their hearts beat only after that."""
    beating = "select from pgflow.workers where last_heartbeat_at > started_at"
    return len(engine.rows(beating))


def processes(engine: Engine) -> set[int]:
    """The process ids of the workers that are connected, as their sessions tell them."""
    rows = engine.rows(
        """select distinct pid from pg_stat_activity
        where datname = current_database() and application_name like 'pgflow heartbeat%%'"""
    )
    return {row["pid"] for row in rows}


def test_a_worker_registers_its_flows_works_and_ends_on_a_signal(
    terminal: Terminal, engine: Engine
) -> None:
    process = terminal(write("flows/my_flow.py"))
    eventually(lambda: live_workers(engine))
    run_id = engine.start("my_flow")
    eventually(lambda: engine.run(run_id)["status"] == "completed")

    process.terminate()
    _, told = process.communicate(timeout=60)

    assert process.returncode == 0
    assert "worker 'my_flow-worker' serves my_flow on " in told
    assert engine.run(run_id)["output"] == {"process": 21}
    assert live_workers(engine) == set()
    assert engine.value("select function_name from pgflow.workers") == "my_flow-worker"


def test_a_refused_worker_ends_with_exit_code_1_before_it_claims(
    cli: CommandLine, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("deploy", write("my_flow.py"))
    run_id = engine.start("my_flow")
    monkeypatch.setenv("PGFLOW_ENV", "production")

    said = cli.refused("worker", write("my_flow.py", GROWN))

    assert said.endswith(
        "Error: Flow 'my_flow' structure mismatch\n"
        "- New step 'store' added\n"
        "Action: Deploy migration first (pgflow compile my_flow.py)\n"
    )
    assert engine.rows("select from pgflow.workers") == []
    assert engine.task(run_id, "fetch")["status"] == "queued"


def test_many_processes_are_refused_like_one(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("deploy", write("my_flow.py"))
    monkeypatch.setenv("PGFLOW_ENV", "production")

    said = cli.refused("worker", write("my_flow.py", GROWN), "--processes", "2")

    assert "Error: Flow 'my_flow' structure mismatch\n" in said


def test_once_works_until_nothing_is_left(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("my_flow.py"))
    run_id = engine.start("my_flow")

    answer = cli("worker", "my_flow.py", "--once")

    assert answer.output == "2 tasks completed, 0 attempts failed\n"
    assert engine.run(run_id)["status"] == "completed"


def test_once_says_by_its_exit_code_that_there_was_nothing(cli: CommandLine) -> None:
    answer = cli.attempt("worker", write("my_flow.py"), "--once")

    assert answer.exit_code == 3
    assert answer.output == "0 tasks completed, 0 attempts failed\n"


def test_once_in_many_processes_is_wrong_usage(cli: CommandLine) -> None:
    said = cli.refused("worker", write("f.py"), "--once", "--processes", "2", exit_code=2)

    assert "--once works in one process. Leave out --processes" in said


def test_a_worker_can_be_named(cli: CommandLine, engine: Engine) -> None:
    cli.attempt("worker", write("my_flow.py"), "--once", "--name", "night_shift")

    assert engine.value("select function_name from pgflow.workers") == "night_shift"


def test_the_log_can_be_json(cli: CommandLine) -> None:
    answer = cli.attempt("worker", write("my_flow.py"), "--once", "--log-format", "json")

    entries = [json.loads(line) for line in answer.errors.splitlines()]
    (created,) = [entry for entry in entries if entry["logger"] == "pgflow.deployment"]
    assert created["message"] == "✓ Flow 'my_flow' created"
    assert created["level"] == "info"
    assert created["flow_slug"] == "my_flow"


def test_the_log_says_which_task_failed(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("my_flow.py", PLAIN.replace("return 20", "raise ValueError('\\x1b[2J')")))
    run_id = engine.start("my_flow")

    answer = cli.attempt("worker", "my_flow.py", "--once")

    assert f"ValueError: \\x1b[2J  my_flow.fetch[0] {run_id}\n" in answer.errors


@pytest.mark.slow
def test_processes_are_started_again_and_end_together(terminal: Terminal, engine: Engine) -> None:
    supervisor = terminal(write("my_flow.py"), "--processes", "2")
    eventually(lambda: len(live_workers(engine)) == 2)
    first = live_workers(engine)

    os.kill(child_of(supervisor), signal.SIGKILL)
    eventually(lambda: len(live_workers(engine) - first) == 1)
    supervisor.send_signal(signal.SIGINT)
    _, told = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 0
    assert "a worker process ended with signal 9, next one in" in told
    eventually(lambda: processes(engine) == set())


def test_processes_do_not_outlive_their_supervisor(terminal: Terminal, engine: Engine) -> None:
    supervisor = terminal(write("my_flow.py"), "--processes", "2")
    eventually(lambda: attentive_workers(engine) == 2)

    supervisor.kill()

    eventually(lambda: live_workers(engine) == set())
    eventually(lambda: processes(engine) == set())


def test_a_process_that_a_handler_ends_with_exit_code_0_is_started_again(
    terminal: Terminal, engine: Engine
) -> None:
    supervisor = terminal(write("my_flow.py", LEAVING), "--processes", "2")
    eventually(lambda: len(live_workers(engine)) == 2, within=30)
    first = live_workers(engine)

    engine.start("my_flow")
    eventually(lambda: live_workers(engine) - first, within=30)
    supervisor.terminate()
    _, told = supervisor.communicate(timeout=30)

    assert "a worker process ended with exit code 0, next one in" in told


def test_a_process_that_an_operator_drains_is_not_started_again(
    cli: CommandLine, terminal: Terminal, engine: Engine
) -> None:
    supervisor = terminal(write("my_flow.py"), "--processes", "2")
    eventually(lambda: len(live_workers(engine)) == 2, within=30)

    cli("workers", "drain", "--flow", "my_flow")
    _, told = supervisor.communicate(timeout=30)

    assert supervisor.returncode == 0
    assert told.count("a worker process has drained") == 2
    assert engine.value("select count(*) from pgflow.workers") == 2


def child_of(process: subprocess.Popen[str]) -> int:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    return int(listed.stdout.split()[0])


def test_handlers_in_processes_find_the_flow_of_a_file(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("flows/my_flow.py"))
    run_id = engine.start("my_flow")

    cli("worker", "flows/my_flow.py", "--once", "--executor", "process", "--concurrency", "1")

    assert engine.run(run_id)["output"] == {"process": 21}
