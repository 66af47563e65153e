"""Connections that break while a worker works; nothing is lost and nothing is done twice."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter

import pytest

from pgflow.definition.flow import Flow
from pgflow.errors import DatabaseUnavailable, DeploymentError, EngineMissing
from pgflow.worker import Worker
from tests.worker.workbench import Workbench

echo = Flow("echo")


@echo.step()
async def same() -> str:
    return "done"


async def test_an_outcome_survives_the_connection_that_was_to_carry_it(bench: Workbench) -> None:
    flow = Flow("surviving", max_attempts=1)
    started, release = asyncio.Event(), asyncio.Event()

    @flow.step()
    async def work() -> str:
        started.set()
        await release.wait()
        return "survived"

    async with bench.worker(flow) as worker:
        run_id = bench.start(flow)
        await started.wait()
        assert bench.terminate("claims") == 1
        release.set()
        run = await bench.ended(run_id)
        await worker.signals.reconnected.reaches(1)

    assert run["output"] == {"work": "survived"}
    assert bench.engine.task(run_id, "work")["attempts_count"] == 1


@pytest.mark.parametrize("purpose", ["claims", "heartbeat", "%"])
async def test_a_sleeping_worker_finds_its_way_back(bench: Workbench, purpose: str) -> None:
    async with bench.worker(echo) as worker:
        await worker.signals.idle.reaches(1)
        assert bench.terminate(purpose) > 0
        run = await bench.ended(bench.start(echo))

    assert run["status"] == "completed"


async def test_a_worker_hears_again_after_its_listening_connection_broke(
    bench: Workbench,
) -> None:
    async with bench.worker(echo) as worker:
        await worker.signals.idle.reaches(1)
        bench.terminate("heartbeat")
        await worker.signals.listening.reaches(2)
        await worker.signals.idle.next()
        run = await bench.ended(bench.start(echo))

    assert run["status"] == "completed"


async def test_connections_that_break_again_and_again_lose_and_double_nothing(
    bench: Workbench,
) -> None:
    flow = Flow("storm", input=list[int], max_attempts=1)
    handled: Counter[int] = Counter()

    @flow.map()
    def work(number: int) -> int:
        handled[number] += 1
        threading.Event().wait(0.002)
        return number

    async with bench.worker(flow, concurrency=4) as worker:
        run_id = bench.start(flow, list(range(400)))
        for broken in range(1, 6):
            await worker.signals.reported.next()
            bench.terminate("claims")
            await worker.signals.reconnected.reaches(broken)
        run = await bench.ended(run_id)

    assert run["output"] == {"work": list(range(400))}
    assert handled == Counter(range(400))


async def test_an_outage_is_told_once_with_its_end(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> list[str]:
        return [one.getMessage() for one in caplog.records if one.name.endswith(".outage")]

    async with bench.worker(echo) as worker:
        await worker.signals.idle.reaches(1)
        bench.admit_connections(admitted=False)
        bench.terminate("%")
        # Each of the two has to notice before either comes back.
        broken = worker._on_duty._outage._broken
        await bench.sees(lambda: broken == {"claims", "heartbeat"} and len(told()) >= 2)
        bench.admit_connections(admitted=True)
        await worker.signals.listening.reaches(2)
        await worker.signals.reconnected.reaches(1)

    lost, trying, again = told()
    assert lost.startswith("connection lost: ")
    assert trying.startswith("cannot connect, trying on: ")
    assert trying.endswith("is not currently accepting connections")
    assert again.startswith("connected again, after ")


async def test_a_database_that_is_away_at_the_start_is_said_at_once() -> None:
    worker = Worker([echo], database_url="postgresql://nobody:secret@127.0.0.1:1/nowhere")

    with pytest.raises(DatabaseUnavailable) as raised:
        await worker.run()

    assert str(raised.value).startswith("the database cannot be reached: ")
    assert "secret" not in str(raised.value)


async def test_a_database_without_the_engine_is_said_at_once(empty_database: str) -> None:
    worker = Worker([echo], database_url=empty_database)

    with pytest.raises(EngineMissing, match="the database has no pgflow engine"):
        await worker.run()


async def test_an_engine_that_vanishes_ends_the_worker_with_the_reason(bench: Workbench) -> None:
    worker = bench.worker(echo)
    running = asyncio.create_task(worker.run())
    await worker.signals.idle.reaches(1)
    bench.engine.do("drop function pgflow.report_and_claim(uuid, jsonb, text[], int)")
    bench.start(echo)

    with pytest.raises(DeploymentError) as raised:
        await running

    assert str(raised.value) == (
        "the engine does not answer this worker: "
        "function pgflow.report_and_claim(uuid, jsonb, text[], smallint) does not exist. "
        "Compare the versions with: pgflow doctor"
    )


async def test_a_worker_that_was_forgotten_registers_again(bench: Workbench) -> None:
    async with bench.worker(echo) as worker:
        await worker.signals.idle.reaches(1)
        bench.engine.do("delete from pgflow.workers")
        await worker.signals.listening.reaches(2)
        run = await bench.ended(bench.start(echo))
        assert bench.engine.value("select worker_id from pgflow.workers") == worker.worker_id

    assert run["status"] == "completed"
