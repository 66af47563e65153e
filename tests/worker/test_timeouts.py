"""Handlers that take longer than they may."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress

import pytest

from pgflow.definition.flow import Flow
from pgflow.worker import current_task
from tests.worker.workbench import Workbench


async def test_an_async_handler_is_cancelled_when_its_time_is_up(bench: Workbench) -> None:
    flow = Flow("slow", max_attempts=1)
    cancelled = asyncio.Event()

    @flow.step()
    async def sleep() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    bench.register(flow)
    bench.set_timeout(flow, 1)
    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))
        await cancelled.wait()

    assert run["error_message"] == "sleep: timed out after 1s"


async def test_a_timed_out_attempt_is_made_again(bench: Workbench) -> None:
    flow = Flow("slow", max_attempts=2, base_delay=60)
    attempts: list[int] = []

    @flow.step()
    async def sleep_once() -> str:
        attempts.append(current_task().attempt)
        if len(attempts) == 1:
            await asyncio.Event().wait()
        return "awake"

    bench.register(flow)
    bench.set_timeout(flow, 1)
    async with bench.worker(flow):
        run_id = bench.start(flow)
        await bench.sees(lambda: bench.engine.task(run_id, "sleep_once")["error_message"])
        bench.set_timeout(flow, 60)
        bench.engine.advance(60)
        run = await bench.ended(run_id)

    assert run["output"] == {"sleep_once": "awake"}
    assert attempts == [1, 2]


async def test_an_async_handler_that_will_not_be_cancelled_changes_nothing(
    bench: Workbench,
) -> None:
    flow = Flow("stubborn", max_attempts=1)
    release = asyncio.Event()
    ended = asyncio.Event()

    @flow.step()
    async def refuse() -> str:
        while not release.is_set():
            with suppress(asyncio.CancelledError):
                await release.wait()
        ended.set()
        return "too late"

    bench.register(flow)
    bench.set_timeout(flow, 1)
    async with bench.worker(flow) as worker:
        run_id = bench.start(flow)
        run = await bench.ended(run_id)
        release.set()
        await ended.wait()
        assert worker.signals.refused.count == 0

    assert run["error_message"] == "refuse: timed out after 1s"
    assert bench.engine.task(run_id, "refuse")["status"] == "failed"


async def test_a_sync_handler_is_reported_at_its_deadline_and_its_thread_replaced(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    flow = Flow("blocking", max_attempts=1, input=str)
    release = threading.Event()
    seen: list[bool] = []

    @flow.step()
    def work(how: str) -> str:
        if how == "block":
            task = current_task()
            release.wait()
            seen.append(task.cancelled)
        return how

    bench.register(flow)
    bench.set_timeout(flow, 1)
    with caplog.at_level(logging.WARNING, "pgflow"):
        async with bench.worker(flow, concurrency=1):
            blocked = await bench.ended(bench.start(flow, "block"))
            bench.set_timeout(flow, 60)
            passed = await bench.ended(bench.start(flow, "pass"))
            release.set()
            await bench.sees(lambda: seen)

    assert blocked["error_message"] == "work: timed out after 1s"
    assert passed["output"] == {"work": "pass"}
    assert seen == [True]
    assert (
        "a handler does not end after its time: its thread is replaced by another. "
        "Look at task.cancelled in long handlers" in caplog.messages
    )


@pytest.mark.slow
async def test_only_so_many_threads_are_replaced(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    flow = Flow("blocking", max_attempts=1)
    release = threading.Event()

    @flow.step()
    def block() -> None:
        release.wait()

    bench.register(flow)
    bench.set_timeout(flow, 1)
    with caplog.at_level(logging.ERROR, "pgflow"):
        async with bench.worker(flow, concurrency=1, shutdown_timeout=0.1):
            for run_id in [bench.start(flow), bench.start(flow)]:
                await bench.ended(run_id)
            await bench.sees(lambda: caplog.messages)
            waiting = bench.start(flow)
            await bench.sees(lambda: bench.engine.task(waiting, "block")["status"] == "queued")
            release.set()
            await bench.ended(waiting)

    (message,) = caplog.messages
    assert message == (
        "a handler does not end after its time, and too many threads are lost that way: "
        "its slot is lost until it ends. Look at task.cancelled in long handlers"
    )


async def test_a_handler_knows_its_deadline(bench: Workbench) -> None:
    flow = Flow("timely", timeout=90)

    @flow.step()
    def left() -> float:
        task = current_task()
        return task.deadline.timestamp()

    async with bench.worker(flow):
        run_id = bench.start(flow)
        run = await bench.ended(run_id)

    started_at = bench.engine.task(run_id, "left")["started_at"].timestamp()
    assert 89 < run["output"]["left"] - started_at < 120
