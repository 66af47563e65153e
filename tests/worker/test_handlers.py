"""What reaches a handler, and what becomes of its result."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from pgflow.worker import heartbeat
from tests.support.greeting import greet_user
from tests.worker.workbench import Workbench


async def test_sync_handlers_run_a_flow_to_its_end(bench: Workbench) -> None:
    async with bench.worker(greet_user):
        run = await bench.ended(
            bench.start(greet_user, {"first_name": "Alice", "last_name": "Smith"})
        )

    assert run["status"] == "completed"
    assert run["output"] == {"greeting": "Hello, Alice Smith!"}


async def test_async_handlers_run_a_flow_to_its_end(bench: Workbench) -> None:
    flow = Flow("numbers", input=int)

    @flow.step()
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    @flow.step(double)
    async def describe(number: int) -> str:
        return f"it is {number}"

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow, 21))

    assert run["output"] == {"describe": "it is 42"}


async def test_sync_handlers_run_beside_the_event_loop(bench: Workbench) -> None:
    flow = Flow("threads")
    threads: list[threading.Thread] = []

    @flow.step()
    def somewhere() -> None:
        threads.append(threading.current_thread())

    async with bench.worker(flow):
        await bench.ended(bench.start(flow))

    assert threads[0] is not threading.main_thread()
    assert threads[0].daemon


async def test_a_map_gives_each_element_to_a_handler_of_its_own(bench: Workbench) -> None:
    flow = Flow("squares", input=list[int])

    @flow.map()
    def square(number: int) -> int:
        return number * number

    @flow.map(square)
    async def describe(number: int) -> str:
        return f"<{number}>"

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow, [1, 2, 3]))

    assert run["output"] == {"describe": ["<1>", "<4>", "<9>"]}


async def test_a_later_step_may_take_the_flow_input_too(bench: Workbench) -> None:
    flow = Flow("orders", input=dict[str, int])

    @flow.step()
    def total(order: dict[str, int]) -> int:
        return sum(order.values())

    @flow.step(flow.input, total)
    def share(order: dict[str, int], total: int) -> dict[str, float]:
        return {name: price / total for name, price in order.items()}

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow, {"tea": 1, "cake": 3}))

    assert run["output"] == {"share": {"tea": 0.25, "cake": 0.75}}


async def test_a_skipped_dependency_arrives_as_none(bench: Workbench) -> None:
    flow = Flow("optional", input=dict[str, bool])

    @flow.step(when={"wanted": True}, when_unmet="skip")
    def extra(order: dict[str, bool]) -> str:
        return "extra"

    @flow.step(extra)
    def summary(extra: str | None) -> str:
        return extra or "nothing extra"

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow, {"wanted": False}))

    assert run["output"] == {"summary": "nothing extra"}


async def test_a_flow_with_hundreds_of_tasks_completes(bench: Workbench) -> None:
    flow = Flow("many", input=list[int])

    @flow.map()
    async def same(number: int) -> int:
        return number

    @flow.step(same)
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    async with bench.worker(flow, concurrency=8):
        run = await bench.ended(bench.start(flow, list(range(500))))

    assert run["output"] == {"total": sum(range(500))}


async def test_one_worker_serves_many_flows(bench: Workbench) -> None:
    flows = [_echo(f"echo_{number}") for number in range(20)]

    async with bench.worker(*flows):
        runs = [bench.start(flow, flow.slug) for flow in flows]
        outputs = [(await bench.ended(run))["output"] for run in runs]

    assert outputs == [{"same": flow.slug} for flow in flows]


def _echo(slug: str) -> Flow[Any]:
    flow = Flow(slug)

    @flow.step()
    async def same(value: Any) -> Any:
        return value

    return flow


async def test_an_async_handler_that_blocks_the_event_loop_is_noticed(
    bench: Workbench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.2)
    monkeypatch.setattr(heartbeat, "STANDSTILL", 0.3)
    flow = Flow("careless")

    @flow.step()
    async def block() -> None:
        threading.Event().wait(1)

    async with bench.worker(flow) as worker:
        await worker.signals.heartbeat.reaches(1)
        await bench.ended(bench.start(flow))
        await bench.sees(lambda: "stood still" in caplog.text)

    (message,) = [text for text in caplog.messages if "stood still" in text]
    assert re.fullmatch(
        r"the event loop stood still for \d\.\ds: an async handler blocked it, or the process was "
        "paused. What blocks belongs into a handler that is not async",
        message,
    )
