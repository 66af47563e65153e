"""A database, a worker and a playground that a browser can visit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.eventually import eventually

KITCHEN = Path(__file__).with_name("kitchen.py").read_text()
TOKEN = "open-sesame"
START = 60.0
MEAL = {"id": 7, "customer": "Ada", "size": "small", "express": True, "dishes": ["soup", "bread"]}


@dataclass(frozen=True, slots=True)
class Restaurant:
    """Where the page is, and its API for what a test prepares or looks up."""

    url: str
    paper: Path
    api: httpx.Client

    @property
    def entrance(self) -> str:
        return f"{self.url}/?token={TOKEN}"

    def run_out_of_paper(self) -> None:
        self.paper.touch()

    def refill_paper(self) -> None:
        self.paper.unlink()

    def order(self, **changes: object) -> str:
        """Start a run of order_a_meal; `paused` is its option, the rest its input."""
        paused = changes.pop("paused", False)
        return self.start("order_a_meal", {**MEAL, **changes}, paused=bool(paused))

    def start(self, flow: str, run_input: object, *, paused: bool = False) -> str:
        body = {"input": run_input, "paused": paused}
        answer = self.api.post(f"/flows/{flow}/runs", json=body).raise_for_status()
        return str(answer.json()["run"]["run_id"])

    def run(self, run_id: str) -> dict[str, Any]:
        return self.api.get(f"/runs/{run_id}").raise_for_status().json()["run"]

    def ended(self, run_id: str) -> dict[str, Any]:
        """The run, when it has ended."""
        eventually(lambda: self.run(run_id)["status"] != "started", within=START)
        return self.run(run_id)


@contextmanager
def restaurant(database_url: str, directory: Path) -> Generator[Restaurant]:
    """Open the place: the flows compiled, a worker at work, the page served."""
    paper = directory / "out-of-paper"
    (directory / "kitchen.py").write_text(KITCHEN)
    environment = {
        **os.environ,
        "PGFLOW_DATABASE_URL": database_url,
        "PGFLOW_ENV": "local",
        "KITCHEN_OUT_OF_PAPER": str(paper),
        "PYTHONUNBUFFERED": "1",
    }
    with ExitStack() as stack:
        stack.enter_context(_command(directory, environment, "worker", "kitchen.py"))
        arguments = ("ui", "kitchen.py", "--allow-actions", "--port", "0", "--token", TOKEN)
        log = stack.enter_context(_command(directory, environment, *arguments))
        url = eventually(lambda: _address(log), within=START) or ""
        headers = {"authorization": f"Bearer {TOKEN}"}
        api = httpx.Client(base_url=f"{url}/api", headers=headers, timeout=START)
        stack.enter_context(api)
        eventually(lambda: _is_served(api), within=START)
        yield Restaurant(url=url, paper=paper, api=api)


def _address(log: Path) -> str | None:
    found = re.search(r"(http://127\.0\.0\.1:\d+)/", log.read_text())
    return found.group(1) if found else None


def _is_served(api: httpx.Client) -> bool:
    try:
        flows = api.get("/flows").raise_for_status().json()["flows"]
    except httpx.ConnectError:
        return False
    return all(flow["workers"] == 1 and flow["sync"] == "in_sync" for flow in flows)


@contextmanager
def _command(directory: Path, environment: dict[str, str], *arguments: str) -> Generator[Path]:
    """A command of pgflow in a process of its own; gives the file with what it prints."""
    log = directory / f"{arguments[0]}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pgflow", *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield log
    finally:
        process.terminate()
        try:
            process.wait(START)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
