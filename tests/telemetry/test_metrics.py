"""The facts of /metrics, through a meter of OpenTelemetry's."""

from __future__ import annotations

import asyncio
from typing import Any

from pgflow import Fail, Flow
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench

FLOW = ("pgflow.flow", "trip")
STEP = ("pgflow.step", "pack")


def by_outcome(outcome: str) -> tuple[tuple[str, str], ...]:
    return FLOW, ("pgflow.outcome", outcome), STEP


async def test_tasks_are_counted_by_outcome_and_handlers_measured(
    bench: Workbench, watch: Watch
) -> None:
    flow = Flow[Any]("trip", max_attempts=1)

    @flow.step()
    def pack(weight: int) -> int:
        if weight == 2:
            raise Fail("too heavy")
        return weight

    bench.register(flow)
    bench.start_many(flow, 3)

    await bench.worker(flow, telemetry=watch.telemetry).run_until_idle()

    ended = {key: point.value for key, point in watch.metric("pgflow.tasks").items()}
    assert ended == {by_outcome("completed"): 2, by_outcome("failed"): 1}
    assert watch.metric("pgflow.tasks.claimed")[(FLOW,)].value == 3
    assert watch.metric("pgflow.claims")[()].value >= 1
    duration = watch.metric("pgflow.task.duration")[FLOW, STEP]
    assert (duration.count, len(duration.explicit_bounds)) == (3, 14)
    assert duration.explicit_bounds[0] == 0.001


async def test_further_attempts_are_counted(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip", max_attempts=2, base_delay=1)
    bags: list[str] = []

    @flow.step()
    def pack() -> None:
        if not bags:
            bags.append("red")
            raise ValueError

    bench.register(flow)
    run_id = bench.start(flow)

    async with bench.worker(flow, telemetry=watch.telemetry) as worker:
        await worker.signals.reported.reaches(1)
        bench.engine.advance(5)
        await bench.ended(run_id)

    assert watch.metric("pgflow.tasks.retries")[(FLOW,)].value == 1


async def test_slots_are_those_of_the_workers_on_duty(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip")
    began, go_on = asyncio.Event(), asyncio.Event()

    @flow.step()
    async def pack() -> None:
        began.set()
        await go_on.wait()

    async with (
        bench.worker(flow, telemetry=watch.telemetry, concurrency=3),
        bench.worker(flow, telemetry=watch.telemetry, concurrency=4),
    ):
        bench.start(flow)
        await began.wait()
        slots = watch.metric("pgflow.worker.slots")[()].value
        busy = watch.metric("pgflow.worker.slots.busy")[()].value
        go_on.set()

    assert (slots, busy) == (7, 1)
    assert watch.metric("pgflow.worker.slots")[()].value == 0
