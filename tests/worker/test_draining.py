"""The end of a worker: nothing that it holds is lost."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from pgflow.worker import shift
from tests.support.eventually import eventually
from tests.support.rivals import rivals_on
from tests.worker.workbench import Workbench


async def test_a_handler_that_runs_is_waited_for(bench: Workbench) -> None:
    flow, started, release = _waiting()

    async with bench.worker(flow):
        run_id = bench.start(flow)
        await started.wait()
        asyncio.get_running_loop().call_later(0.05, release.set)

    assert bench.engine.run(run_id)["status"] == "completed"


async def test_a_draining_worker_claims_nothing_more(bench: Workbench) -> None:
    flow, started, release = _waiting()

    worker = bench.worker(flow, concurrency=1)
    async with worker:
        first = bench.start(flow)
        await started.wait()
        second = bench.start(flow)
        stopping = asyncio.create_task(worker.stop())
        release.set()
        await stopping

    assert bench.engine.run(first)["status"] == "completed"
    assert bench.engine.task(second, "wait")["attempts_count"] == 0


@pytest.mark.slow
async def test_what_cannot_be_reported_before_the_end_is_taken_over_by_others(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the lease is: here an hour, and somebody's transaction holds the run."""
    monkeypatch.setattr(shift, "FLUSH", 0.1)
    flow, started, release = _waiting(timeout=3600)

    with rivals_on(bench.dsn) as join:
        async with bench.worker(flow, shutdown_timeout=0.1):
            run_id = bench.start(flow)
            await started.wait()
            join().begins(lambda engine: engine.do("select from pgflow.runs for update"))
            release.set()
        assert bench.engine.task(run_id, "wait")["status"] == "started"
        assert bench.engine.value("select stopped_at from pgflow.workers") is None

    async with bench.worker(flow):
        run = await bench.ended(run_id)

    assert run["status"] == "completed"


async def test_what_does_not_end_in_time_goes_back_without_costing_an_attempt(
    bench: Workbench,
) -> None:
    flow = Flow("endless", input=list[str])
    started: list[str] = []
    cancelled: list[str] = []
    thread_may_end = threading.Event()

    @flow.map()
    async def on_the_loop(name: str) -> None:
        started.append(name)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(name)

    @flow.map()
    def in_a_thread(name: str) -> None:
        started.append(name)
        thread_may_end.wait()

    async with bench.worker(flow, shutdown_timeout=0.05):
        run_id = bench.start(flow, ["a", "b"])
        await bench.sees(lambda: len(started) == 4)

    tasks = bench.engine.tasks(run_id).values()
    assert [(task["status"], task["attempts_count"]) for task in tasks] == [("queued", 0)] * 4
    assert sorted(cancelled) == ["a", "b"]
    thread_may_end.set()


async def test_another_worker_takes_over_at_once_what_was_handed_back(bench: Workbench) -> None:
    flow, started, release = _waiting()

    async with bench.worker(flow, shutdown_timeout=0):
        run_id = bench.start(flow)
        await started.wait()
    release.set()
    async with bench.worker(flow):
        run = await bench.ended(run_id)

    assert run["status"] == "completed"
    assert bench.engine.task(run_id, "wait")["attempts_count"] == 1


async def test_a_stopped_worker_is_noted_as_stopped(bench: Workbench) -> None:
    flow, _, _ = _waiting()

    async with bench.worker(flow, name="tests") as worker:
        row = bench.engine.row("select * from pgflow.workers")
        assert (row["worker_id"], row["stopped_at"]) == (worker.worker_id, None)
        assert (row["function_name"], row["queue_name"]) == ("tests", "waiting")
        assert row["holds_lock"]

    assert bench.engine.row("select * from pgflow.workers")["stopped_at"] is not None


async def test_an_operator_can_ask_a_worker_to_drain(bench: Workbench) -> None:
    flow, started, release = _waiting()
    worker = bench.worker(flow)
    running = asyncio.create_task(worker.run())
    await worker.signals.idle.reaches(1)
    run_id = bench.start(flow)
    await started.wait()

    bench.engine.do("update pgflow.workers set deprecated_at = now()")
    release.set()
    await running

    assert bench.engine.run(run_id)["status"] == "completed"


async def test_sigterm_drains_and_ends_the_run(bench: Workbench) -> None:
    flow, started, release = _waiting()
    worker = bench.worker(flow)
    running = asyncio.create_task(worker.run())
    await worker.signals.idle.reaches(1)
    run_id = bench.start(flow)
    await started.wait()

    os.kill(os.getpid(), signal.SIGTERM)
    release.set()
    await running

    assert bench.engine.run(run_id)["status"] == "completed"
    assert bench.engine.row("select * from pgflow.workers")["stopped_at"] is not None


async def test_a_second_signal_stops_at_once(bench: Workbench) -> None:
    flow, started, _ = _waiting()
    worker = bench.worker(flow, shutdown_timeout=3600)
    running = asyncio.create_task(worker.run())
    await worker.signals.idle.reaches(1)
    run_id = bench.start(flow)
    await started.wait()

    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
    await running

    task = bench.engine.task(run_id, "wait")
    assert (task["status"], task["attempts_count"]) == ("queued", 0)


async def test_a_worker_can_be_stopped_twice_and_started_again(bench: Workbench) -> None:
    flow, _, release = _waiting()
    release.set()
    worker = bench.worker(flow)

    await worker.start()
    first = worker.worker_id
    await asyncio.gather(worker.stop(), worker.stop())
    await worker.stop()
    async with worker:
        second = worker.worker_id
        run = await bench.ended(bench.start(flow))

    assert run["status"] == "completed"
    assert first != second


def test_a_worker_that_its_event_loop_does_not_wait_for_leaves_no_connection_behind(
    bench: Workbench,
) -> None:
    flow, started, _ = _waiting()

    async def leave_it_draining() -> None:
        worker = bench.worker(flow, shutdown_timeout=3600)
        await worker.start()
        bench.start(flow)
        await started.wait()
        await asyncio.wait([asyncio.ensure_future(worker.stop())], timeout=0.05)

    asyncio.run(leave_it_draining())

    gc.collect()
    eventually(lambda: not bench.engine.rows(_WORKERS_CONNECTIONS))


_WORKERS_CONNECTIONS = """select from pg_stat_activity
  where datname = current_database() and application_name like 'pgflow %%'"""


def _waiting(**options: Any) -> tuple[Flow[Any], asyncio.Event, asyncio.Event]:
    """A flow whose handler says that it has started, and waits for its release."""
    flow = Flow("waiting", **options)
    started, release = asyncio.Event(), asyncio.Event()

    @flow.step()
    async def wait() -> None:
        started.set()
        await release.wait()

    return flow, started, release
