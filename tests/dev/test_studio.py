"""`pgflow dev` follows the code as it changes, and survives what goes wrong meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.dev.desk import Desk
from tests.support.engine import Engine

pytestmark = pytest.mark.slow


async def flow(desk: Desk) -> dict[str, object]:
    return (await desk.client.get("/api/flows/greet")).json()


async def test_everything_works_at_once(desk: Desk) -> None:
    await desk.working()

    assert await desk.greeting() == '{"greeting": "Hello, Ada!"}'
    assert (await flow(desk))["sync"] == "in_sync"
    assert desk.terminal[1] == "✓ Flows       greet (from flows.py)"
    assert desk.terminal[2].startswith("✓ Playground  http://127.0.0.1:")


async def test_a_handler_that_changed_runs(desk: Desk) -> None:
    before = await desk.working()

    desk.edit("flows.py", "{name}!", "{name}.")

    await desk.working(other_than=before)
    assert await desk.greeting() == '{"greeting": "Hello, Ada."}'


async def test_a_module_that_flows_import_is_followed_too(desk: Desk) -> None:
    before = await desk.working()

    desk.edit("words.py", "Hello", "Good day")

    await desk.working(other_than=before)
    assert await desk.greeting() == '{"greeting": "Good day, Ada!"}'


async def test_options_that_changed_keep_the_runs(desk: Desk, engine: Engine) -> None:
    before = await desk.working()
    await desk.greeting()

    desk.edit("flows.py", "timeout=30", "timeout=40")

    await desk.working(other_than=before)
    assert (await flow(desk))["sync"] == "in_sync"
    assert engine.value("select opt_timeout from pgflow.flows") == 40
    assert engine.value("select count(*) from pgflow.runs") == 1


async def test_a_structure_that_changed_is_created_anew(desk: Desk, engine: Engine) -> None:
    before = await desk.working()
    await desk.greeting()

    desk.edit("flows.py", "def greeting", "def welcome")

    await desk.working(other_than=before)
    assert await desk.greeting() == '{"welcome": "Hello, Ada!"}'
    assert engine.value("select count(*) from pgflow.runs") == 1


async def test_a_broken_file_leaves_the_last_good_version_at_work(desk: Desk) -> None:
    before = await desk.working()

    desk.edit("flows.py", "def greeting(", "def greeting((")
    session = await desk.session(lambda now: now["code"]["error"])

    assert "flows.py cannot be imported: SyntaxError" in session["code"]["error"]["message"]
    assert any("the last good version goes on" in line for line in desk.terminal)
    assert session["worker"]["pid"] == before
    assert await desk.greeting() == '{"greeting": "Hello, Ada!"}'

    desk.edit("flows.py", "def greeting((", "def greeting(")
    await desk.session(lambda now: now["code"]["error"] is None)
    await desk.working(other_than=before)


async def test_a_worker_that_dies_is_started_again(desk: Desk) -> None:
    before = await desk.working()

    os.kill(before, signal.SIGKILL)

    await desk.working(other_than=before)
    session = await desk.session(lambda now: now["worker"]["restarts"] == 1)
    assert session["worker"]["state"] == "running"
    assert any("the worker ended with signal 9" in line for line in desk.terminal)
    assert await desk.greeting() == '{"greeting": "Hello, Ada!"}'


async def test_a_worker_that_cannot_start_says_why(desk: Desk) -> None:
    await desk.working()

    desk.edit(
        "words.py",
        "GREETING",
        "import sys\nassert 'worker_child' not in sys.argv[0], 'no luck'\nGREETING",
    )
    session = await desk.session(lambda now: now["worker"]["state"] == "restarting")

    assert "AssertionError: no luck" in session["worker"]["message"]
    assert session["code"]["error"] is None


class TestBrokenFromTheStart:
    @pytest.fixture(autouse=True)
    def broken(self, project: Path) -> None:
        (project / "words.py").write_text("GREETING = \n")

    async def test_the_page_says_so_and_waits(self, desk: Desk) -> None:
        session = await desk.session(lambda now: now["code"]["error"])

        assert "words.py" in session["code"]["error"]["message"]
        assert session["worker"]["state"] == "stopped"
        assert any("nothing runs yet" in line for line in desk.terminal)

        (desk.project / "words.py").write_text('GREETING = "At last"\n')
        await desk.working()
        assert await desk.greeting() == '{"greeting": "At last, Ada!"}'
