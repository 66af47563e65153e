"""A worker with nothing to do sleeps, and misses nothing."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from pgflow.definition.flow import Flow
from pgflow.worker import Worker
from tests.worker.workbench import Workbench

echo = Flow("echo")


@echo.step()
async def same() -> str:
    return "done"


async def test_a_sleeping_worker_is_woken_by_a_notification(bench: Workbench) -> None:
    async with bench.worker(echo) as worker:
        await _asleep(worker)
        naps = worker.signals.idle.count
        run_id = bench.start(echo)
        await worker.signals.reported.reaches(1)
        run = bench.engine.run(run_id)

    assert run["status"] == "completed"
    assert naps == 1


@pytest.mark.slow
async def test_a_sleeping_worker_asks_the_database_nothing(bench: Workbench) -> None:
    async with bench.worker(echo) as worker:
        await _asleep(worker)
        naps = worker.signals.idle.count
        await worker.signals.heartbeat.next()

        assert worker.signals.idle.count == naps


async def test_work_of_a_transaction_that_was_in_flight_is_not_missed(bench: Workbench) -> None:
    bench.register(echo)
    async with await psycopg.AsyncConnection.connect(bench.dsn) as producer:
        await producer.execute("select pgflow.start_flow('echo', '{}')")
        async with bench.worker(echo) as worker:
            await worker.signals.listening.reaches(1)
            await producer.commit()
            await worker.signals.reported.reaches(1)

    assert bench.count("runs", "completed") == 1


async def test_a_worker_does_not_sleep_while_a_producer_may_have_missed_it(
    bench: Workbench,
) -> None:
    bench.register(echo)
    async with await psycopg.AsyncConnection.connect(bench.dsn) as producer:
        await producer.execute("select pgflow.start_flow('echo', '{}')")
        async with bench.worker(echo) as worker:
            await worker.signals.heartbeat.reaches(2)
            awake = worker.signals.idle.count
            await producer.rollback()
            await _asleep(worker)

    assert awake == 0


@pytest.mark.parametrize("repeat", range(3))
async def test_no_start_is_missed_by_workers_that_fall_asleep_and_wake_up(
    bench: Workbench, repeat: int
) -> None:
    bench.register(echo)
    async with bench.worker(echo, concurrency=1), bench.worker(echo, concurrency=2):
        async with asyncio.TaskGroup() as producers:
            for number in range(4):
                producers.create_task(_produce(bench.dsn, turns=number * repeat))
        await bench.all_ended()

    assert bench.count("runs", "completed") == 4 * 25


async def test_a_delayed_task_wakes_the_worker_when_it_falls_due(bench: Workbench) -> None:
    flow = Flow("delayed")

    @flow.step(start_delay=1)
    async def later() -> str:
        return "late"

    async with bench.worker(flow) as worker:
        run_id = bench.start(flow)
        await _asleep(worker)
        run = await bench.ended(run_id)

    assert run["output"] == {"later": "late"}


async def test_a_worker_of_many_flows_is_woken_by_each_of_them(bench: Workbench) -> None:
    flows = [Flow(f"flow_{number}") for number in range(15)]
    for flow in flows:
        flow.step(slug="work")(lambda: "done")

    async with bench.worker(*flows) as worker:
        await _asleep(worker)
        for flow in flows:
            run = await bench.ended(bench.start(flow))
            assert run["status"] == "completed"


async def test_behind_a_pooler_a_worker_looks_for_work_now_and_then(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench.worker(echo, pooler=True) as worker:
        await worker.signals.idle.reaches(2)
        run = await bench.ended(bench.start(echo))
        assert worker.signals.listening.count == 0

    assert run["status"] == "completed"
    (message,) = [text for text in caplog.messages if "pooler" in text]
    assert message == (
        "the database is reached through a transaction pooler, where nothing can be notified: "
        "looking for work every 100 ms. PGFLOW_DIRECT_URL may name a way past it"
    )


async def _asleep(worker: Worker) -> None:
    await worker.signals.idle.reaches(1)


async def _produce(dsn: str, *, turns: int) -> None:
    """Start runs, and commit each after some turns of the event loop."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        for _ in range(25):
            await connection.execute("select pgflow.start_flow('echo', '{}')")
            for _ in range(turns):
                await asyncio.sleep(0)
            await connection.commit()
