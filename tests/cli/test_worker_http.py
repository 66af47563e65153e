"""`pgflow worker --http`: real processes on real ports."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import httpx
import pytest

from tests.cli.flow_files import PLAIN, write
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.eventually import eventually


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Terminal:
    """A worker that answers at `url`, started by the first call and ended with the test."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        address = f"127.0.0.1:{self._port}"
        command = [sys.executable, "-m", "pgflow", "worker", "--http", address, *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
        eventually(self.is_healthy)
        return self.process

    def is_healthy(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health").json() == {"status": "ok", "database": "ok"}
        return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        self.process.send_signal(number)
        _, told = self.process.communicate(timeout=60)
        return told


@pytest.fixture
def terminal(cli: CommandLine, port: int) -> Iterator[Terminal]:
    terminal = Terminal(port)
    yield terminal
    if terminal.process.poll() is None:
        terminal.process.kill()
    terminal.process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_works_and_answers_on_its_port(
    terminal: Terminal, engine: Engine, number: signal.Signals
) -> None:
    process = terminal.start(write("my_flow.py"))
    eventually(lambda: engine.rows("select from pgflow.workers"))
    run_id = engine.start("my_flow")
    eventually(lambda: engine.run(run_id)["status"] == "completed")

    sql = httpx.get(f"{terminal.url}/flows/my_flow").json()["sql"]
    metrics = httpx.get(f"{terminal.url}/metrics").text
    told = terminal.end(number)

    assert sql[0].startswith("SELECT pgflow.create_flow('my_flow'")
    assert 'pgflow_tasks_total{flow="my_flow",step="process",outcome="completed"} 1' in metrics
    assert process.returncode == 0, told
    assert "Traceback" not in told


@pytest.mark.slow
def test_once_per_request_works_when_it_is_asked(terminal: Terminal, engine: Engine) -> None:
    process = terminal.start(write("my_flow.py"), "--once-per-request", "--name", "on_demand")
    nothing = httpx.post(terminal.url, json={"flow_slug": "my_flow"}, timeout=60).json()
    run_id = engine.start("my_flow")

    told = httpx.post(terminal.url, json={"flow_slug": "my_flow"}, timeout=60).json()
    said = terminal.end()

    assert (nothing["processed"], told["completed"]) == (0, 2)
    assert engine.run(run_id)["output"] == {"process": 21}
    names = engine.rows("select distinct function_name from pgflow.workers")
    assert [row["function_name"] for row in names] == ["on_demand"]
    assert "no secret is set: the worker answers only programs of this machine" in said
    assert process.returncode == 0


@pytest.mark.slow
def test_a_request_in_flight_is_answered_before_the_end(terminal: Terminal, engine: Engine) -> None:
    slow = PLAIN.replace("return 20", "import threading; threading.Event().wait(1); return 20")
    terminal.start(write("my_flow.py", slow), "--once-per-request")
    httpx.post(terminal.url, json={"flow_slug": "my_flow"}, timeout=60)
    run_id = engine.start("my_flow")

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, terminal.url, json={"flow_slug": "my_flow"}, timeout=60)
        eventually(lambda: engine.task(run_id, "fetch")["status"] == "started")
        terminal.end()
        answer = asked.result()

    assert (answer.status_code, answer.json()["completed"]) == (200, 2)
    assert engine.run(run_id)["status"] == "completed"


def test_a_port_that_is_taken_is_said_so(cli: CommandLine) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        said = cli.refused("worker", write("f.py"), "--http", address)

    assert f"Error: cannot listen on {address}: address already in use." in said
    assert "Choose another address with --http" in said


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--http", ":x"], "':x' is no address to listen on, expected HOST:PORT, such as :8080"),
        (["--http", ":70000"], "':70000' is no address to listen on"),
        (["--once-per-request"], "--once-per-request needs a port. Add --http HOST:PORT"),
        (["--http", ":0", "--once"], "--once ends, and --http goes on. Leave one of them out"),
        (["--http", ":0", "--processes", "2"], "--http works in one process."),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    cli: CommandLine, arguments: list[str], complaint: str
) -> None:
    said = cli.refused("worker", write("f.py"), *arguments, exit_code=2)

    assert complaint in said
