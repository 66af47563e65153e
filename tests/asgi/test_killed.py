"""The process that serves batches is killed in the middle of one."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from pgflow.asgi import cron_worker
from tests.asgi.mortal import letters
from tests.support import dying
from tests.support.eventually import eventually_async
from tests.support.http import served
from tests.support.worker_process import ROOT
from tests.worker.workbench import Workbench

pytestmark = pytest.mark.slow

ORDER = {"flow_slug": "letters", "max_concurrent": 8}


@pytest.fixture
def victim(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """A process under uvicorn whose handlers of odd numbers get stuck."""
    monkeypatch.setenv("PGFLOW_DATABASE_URL", bench.dsn)
    command = [sys.executable, "-m", "uvicorn", "tests.asgi.mortal:app", "--port", "0"]
    with monkeypatch.context() as there:
        there.setenv("STUCK", "1")
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


async def test_a_batch_whose_process_is_killed_is_worked_on_elsewhere(
    bench: Workbench, victim: subprocess.Popen[str]
) -> None:
    bench.register(letters)
    bench.engine.do("create table posted (number int, process int)")
    bench.start_many(letters, 8)

    async with httpx.AsyncClient(base_url=await address_of(victim), timeout=60) as client:
        asked = asyncio.create_task(client.post("/", json=ORDER))
        await bench.sees(lambda: posted(bench) == [2, 4, 6, 8])
        assert bench.count("tasks", "started") == 4
        victim.send_signal(signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            await asked
    # A server that has just started gives workers time to come back.
    await asyncio.to_thread(dying.until_silence_counts, bench.engine)
    async with served(cron_worker(letters, database_url=bench.dsn)) as client:

        async def all_ended() -> bool:
            assert (await client.post("/", json=ORDER)).status_code == 200
            return bench.count("runs", "completed") == 8

        await eventually_async(all_ended, within=60)

    assert victim.wait() == -signal.SIGKILL
    assert posted(bench) == list(range(1, 9))
    by_victim = bench.engine.rows(
        "select number from posted where process = %(pid)s order by 1", pid=victim.pid
    )
    assert [row["number"] for row in by_victim] == [2, 4, 6, 8]
    outputs = bench.engine.rows("select output ->> 'post' as number from pgflow.runs order by 1")
    assert [row["number"] for row in outputs] == [str(number) for number in range(1, 9)]


async def address_of(process: subprocess.Popen[str]) -> str:
    """Where uvicorn says that it listens."""
    assert process.stderr is not None
    while line := await asyncio.to_thread(process.stderr.readline):
        if found := re.search(r"running on (http://\S+)", line):
            return found[1]
    raise AssertionError("the server has ended before it listened")


def posted(bench: Workbench) -> list[int]:
    rows = bench.engine.rows("select number from posted order by number")
    return [row["number"] for row in rows]
