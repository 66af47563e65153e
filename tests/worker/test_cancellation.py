"""Runs that are cancelled, or fail, while their handlers are at work."""

from __future__ import annotations

import asyncio
import threading

from pgflow.definition.flow import Flow
from pgflow.errors import Fail
from pgflow.worker import current_task
from tests.worker.workbench import Workbench


async def test_cancelling_a_run_cancels_its_async_handler(bench: Workbench) -> None:
    flow = Flow("waiting")
    started, cancelled = asyncio.Event(), asyncio.Event()

    @flow.step()
    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with bench.worker(flow) as worker:
        run_id = bench.start(flow)
        await started.wait()
        bench.engine.cancel(run_id)
        await cancelled.wait()
        assert worker.signals.refused.count == 0

    assert bench.engine.run(run_id)["status"] == "cancelled"
    assert bench.engine.task(run_id, "wait")["error_message"] is None


async def test_cancelling_a_run_shows_in_its_sync_handler(bench: Workbench) -> None:
    flow = Flow("looking")
    started, seen = threading.Event(), threading.Event()

    @flow.step()
    def look() -> str:
        task = current_task()
        started.set()
        while not task.cancelled:
            threading.Event().wait(0.005)
        seen.set()
        return "nobody reads this"

    async with bench.worker(flow):
        run_id = bench.start(flow)
        await bench.sees(started.is_set)
        bench.engine.cancel(run_id)
        await bench.sees(seen.is_set)

    assert bench.engine.task(run_id, "look")["output"] is None


async def test_a_failing_step_cancels_the_handlers_of_its_run(bench: Workbench) -> None:
    flow = Flow("parallel")
    started, cancelled = asyncio.Event(), asyncio.Event()

    @flow.step()
    async def fail() -> None:
        await started.wait()
        raise Fail("no use")

    @flow.step()
    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))
        await cancelled.wait()

    assert run["error_message"] == "fail: Fail: no use"


async def test_a_task_that_was_taken_over_is_cancelled_at_the_next_heartbeat(
    bench: Workbench,
) -> None:
    flow = Flow("stolen")
    started, cancelled = asyncio.Event(), asyncio.Event()

    @flow.step()
    async def wait() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with bench.worker(flow) as worker:
        run_id = bench.start(flow)
        await started.wait()
        thief = bench.engine.worker()
        bench.engine.do("update pgflow.step_tasks set last_worker_id = %(id)s", id=thief)
        await cancelled.wait()
        assert worker.signals.refused.count == 0

    assert bench.engine.task(run_id, "wait")["last_worker_id"] == thief


async def test_the_slot_of_a_cancelled_handler_is_used_again(bench: Workbench) -> None:
    flow = Flow("one_slot", input=str)
    started = asyncio.Event()

    @flow.step()
    async def work(how: str) -> str:
        if how == "wait":
            started.set()
            await asyncio.Event().wait()
        return how

    async with bench.worker(flow, concurrency=1):
        first = bench.start(flow, "wait")
        await started.wait()
        second = bench.start(flow, "go")
        bench.engine.cancel(first)
        run = await bench.ended(second)

    assert run["output"] == {"work": "go"}


async def test_what_an_attempt_says_is_not_taken_for_the_one_after_a_retry(
    bench: Workbench,
) -> None:
    """Both are the first of their task; the worker has not heard that the run was cancelled."""
    flow = Flow("again")
    begun: list[asyncio.Event] = []

    @flow.step()
    async def work() -> int:
        begun.append(asyncio.Event())
        number = len(begun)
        await begun[-1].wait()
        return number

    async with bench.worker(flow) as worker:
        run_id = bench.start(flow)
        await bench.sees(lambda: len(begun) == 1)
        bench.admit_connections(admitted=False)
        bench.terminate("heartbeat")
        bench.engine.cancel(run_id)
        bench.engine.retry(run_id)
        await bench.sees(lambda: len(begun) == 2)
        begun[0].set()
        begun[1].set()
        run = await bench.ended(run_id)
        bench.admit_connections(admitted=True)
        await worker.signals.listening.reaches(2)

    assert run["output"] == {"work": 2}
    assert bench.engine.task(run_id, "work")["attempts_count"] == 1
