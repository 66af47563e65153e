"""`current_task()`: what a handler can learn about its task."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from pgflow.errors import NoCurrentTask
from pgflow.worker import TaskContext, current_task
from tests.worker.workbench import Workbench


def _describe(task: TaskContext) -> dict[str, Any]:
    return {
        "flow": task.flow_slug,
        "step": task.step_slug,
        "index": task.task_index,
        "attempt": task.attempt,
        "max_attempts": task.max_attempts,
        "cancelled": task.cancelled,
        "run_id": str(task.run_id),
        "worker_id": str(task.worker_id),
    }


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_handler_knows_its_task(bench: Workbench, is_async: bool) -> None:
    flow = Flow("known", max_attempts=7, input=list[int])

    async def look_async(_: int) -> dict[str, Any]:
        return look(_)

    def look(_: int) -> dict[str, Any]:
        return _describe(current_task())

    flow.map(slug="look")(look_async if is_async else look)
    async with bench.worker(flow) as worker:
        run_id = bench.start(flow, [1, 2])
        run = await bench.ended(run_id)
        worker_id = str(worker.worker_id)

    assert run["output"]["look"] == [
        {
            "flow": "known",
            "step": "look",
            "index": index,
            "attempt": 1,
            "max_attempts": 7,
            "cancelled": False,
            "run_id": str(run_id),
            "worker_id": worker_id,
        }
        for index in (0, 1)
    ]


async def test_the_task_is_known_in_child_coroutines_and_threads(bench: Workbench) -> None:
    flow = Flow("children")

    async def child() -> str:
        return current_task().step_slug

    @flow.step()
    async def parent() -> list[str]:
        in_task = await asyncio.create_task(child())
        in_thread = await asyncio.to_thread(lambda: current_task().step_slug)
        return [in_task, in_thread]

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))

    assert run["output"] == {"parent": ["parent", "parent"]}


async def test_handlers_that_run_at_once_do_not_see_each_others_task(bench: Workbench) -> None:
    flow = Flow("side_by_side", input=list[int])
    barrier = threading.Barrier(4)

    @flow.map()
    def index(_: int) -> int:
        barrier.wait()
        return current_task().task_index

    async with bench.worker(flow, concurrency=4):
        run = await bench.ended(bench.start(flow, [0, 0, 0, 0]))

    assert run["output"] == {"index": [0, 1, 2, 3]}


async def test_every_step_can_read_the_input_of_its_run(bench: Workbench) -> None:
    flow = Flow("reading", input=dict[str, str])

    @flow.step()
    async def root(_: dict[str, str]) -> str:
        return (await current_task().flow_input())["name"]

    @flow.step(root)
    async def later(_: str) -> str:
        return (await current_task().flow_input())["name"]

    @flow.step(root)
    def later_in_a_thread(_: str) -> str:
        return current_task().flow_input()["name"]

    async with bench.worker(flow):
        run_id = bench.start(flow, {"name": "Ada"})
        run = await bench.ended(run_id)

    assert bench.engine.task(run_id, "root")["output"] == "Ada"
    assert run["output"] == {"later": "Ada", "later_in_a_thread": "Ada"}


async def test_the_logger_of_a_task_says_whose_record_it_is(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    flow = Flow("logging")

    @flow.step()
    async def log() -> None:
        current_task().logger.info("hello", extra={"mine": 1})

    with caplog.at_level(logging.INFO, "pgflow.task"):
        async with bench.worker(flow):
            run_id = bench.start(flow)
            await bench.ended(run_id)

    (record,) = [record for record in caplog.records if record.name == "pgflow.task"]
    said = record.__dict__
    assert record.getMessage() == "hello"
    assert (said["flow_slug"], said["run_id"], said["mine"]) == ("logging", str(run_id), 1)
    assert (said["step_slug"], said["task_index"], said["attempt"]) == ("log", 0, 1)


def test_outside_a_worker_there_is_no_task() -> None:
    with pytest.raises(NoCurrentTask) as raised:
        current_task()

    assert str(raised.value) == (
        "there is no current task: current_task() was called outside a step handler. "
        "In a test, wrap the call in pgflow.testing.task_context(...)"
    )
