"""Sync handlers in other processes, and in executors of the user's own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from tests.worker.process_flows import dying, endless, somewhere, writing
from tests.worker.workbench import Workbench


async def test_a_handler_runs_in_another_process_and_knows_its_task(bench: Workbench) -> None:
    async with bench.worker(somewhere, executor="process", concurrency=1) as worker:
        run_id = bench.start(somewhere, {"given": 1})
        run = await bench.ended(run_id)
        worker_id = str(worker.worker_id)

    output = run["output"]["context"]
    assert output.pop("pid") != os.getpid()
    assert output == {
        "run_id": str(run_id),
        "worker_id": worker_id,
        "step": "context",
        "attempt": [1, 1],
        "flow_input": {"given": 1},
        "cancelled": False,
    }


async def test_a_transaction_in_another_process_commits_with_the_completion(
    bench: Workbench,
) -> None:
    bench.engine.do("create table ledger (entry text)")

    async with bench.worker(writing, executor="process", concurrency=1) as worker:
        completed = await bench.ended(bench.start(writing, "keep"))
        failed = await bench.ended(bench.start(writing, "fail"))
        await bench.sees(lambda: worker.tally.processed == 2)

    assert completed["output"] == {"write": "keep"}
    assert failed["error_message"] == "write: Fail: as asked"
    assert bench.engine.rows("select entry from ledger") == [{"entry": "keep"}]


@pytest.mark.slow
async def test_a_process_that_dies_fails_the_attempt_and_is_replaced(bench: Workbench) -> None:
    async with bench.worker(dying, executor="process", concurrency=1):
        exited = await bench.ended(bench.start(dying, "exit"))
        killed = await bench.ended(bench.start(dying, "kill"))
        alive = await bench.ended(bench.start(dying, "live"))

    assert exited["error_message"] == "die: SystemExit: 1"
    assert killed["error_message"].startswith("die: BrokenProcessPool: A process in the process")
    assert alive["output"] == {"die": "live"}


@pytest.mark.slow
async def test_a_process_is_interrupted_when_its_time_is_up(bench: Workbench) -> None:
    bench.register(endless)
    bench.set_timeout(endless, 2)

    async with bench.worker(endless, executor="process", concurrency=1):
        late = await bench.ended(bench.start(endless, "endless"))
        bench.set_timeout(endless, 60)
        in_time = await bench.ended(bench.start(endless, "quick"))

    assert late["error_message"] == "compute: timed out after 2s"
    assert in_time["output"] == {"compute": "quick"}


async def test_a_step_that_another_process_cannot_find_fails_with_the_reason(
    bench: Workbench,
) -> None:
    flow = Flow("hidden", max_attempts=1)

    @flow.step()
    def local() -> None:
        pass

    async with bench.worker(flow, executor="process", concurrency=1):
        run = await bench.ended(bench.start(flow))

    assert run["status"] == "failed"
    assert "local" in run["error_message"]


async def test_async_handlers_stay_on_the_event_loop(bench: Workbench) -> None:
    flow = Flow("mixed")

    @flow.step()
    async def here() -> int:
        return os.getpid()

    async with bench.worker(flow, executor="process", concurrency=1):
        run = await bench.ended(bench.start(flow))

    assert run["output"] == {"here": os.getpid()}


async def test_any_executor_can_run_the_handlers(bench: Workbench) -> None:
    flow = Flow("pooled")

    @flow.step()
    def thread() -> str:
        return threading.current_thread().name

    with ThreadPoolExecutor(1, thread_name_prefix="mine") as executor:
        async with bench.worker(flow, executor=executor):
            run = await bench.ended(bench.start(flow))

    assert run["output"] == {"thread": "mine_0"}


async def test_an_executor_that_takes_nothing_fails_the_attempt(bench: Workbench) -> None:
    flow = Flow("refused", max_attempts=1)
    flow.step(slug="work")(lambda: None)

    async with bench.worker(flow, executor=Closed()):
        run = await bench.ended(bench.start(flow))

    assert run["error_message"] == "work: RuntimeError: closed for today"


class Closed(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("closed for today")
