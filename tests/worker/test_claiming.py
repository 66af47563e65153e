"""How much a worker takes on, and from which flows."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from tests.worker.workbench import Workbench


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_no_more_handlers_run_at_a_time_than_the_concurrency_allows(
    bench: Workbench, is_async: bool
) -> None:
    flow = Flow("crowd", input=list[int])
    present = Presence()
    meeting, meeting_of_threads = asyncio.Barrier(3), threading.Barrier(3)

    async def stay_async(number: int) -> int:
        with present:
            await meeting.wait()
        return number

    def stay(number: int) -> int:
        with present:
            meeting_of_threads.wait()
        return number

    flow.map(slug="stay")(stay_async if is_async else stay)
    async with bench.worker(flow, concurrency=3):
        run = await bench.ended(bench.start(flow, list(range(60))))

    assert run["status"] == "completed"
    assert present.most == 3


async def test_a_slot_is_free_as_soon_as_its_handler_has_ended(bench: Workbench) -> None:
    flow = Flow("uneven", input=list[str])
    release = asyncio.Event()

    @flow.map()
    async def work(how: str) -> str:
        if how == "slow":
            await release.wait()
        return how

    async with bench.worker(flow, concurrency=2):
        run_id = bench.start(flow, ["slow", *["fast"] * 20])
        await bench.sees(lambda: bench.count("tasks", "completed") == 20)
        release.set()
        run = await bench.ended(run_id)

    assert run["status"] == "completed"


async def test_a_worker_with_slow_handlers_claims_no_more_than_its_slots(
    bench: Workbench,
) -> None:
    flow = Flow("slow", input=list[int])
    release = asyncio.Event()

    @flow.map()
    async def wait(number: int) -> int:
        await release.wait()
        return number

    async with bench.worker(flow, concurrency=4) as worker:
        run_id = bench.start(flow, list(range(20)))
        await worker.signals.claimed.reaches(1)
        claimed = bench.count("tasks", "started")
        release.set()
        await bench.ended(run_id)

    assert claimed == 4


async def test_what_was_claimed_ahead_goes_back_when_the_handlers_turn_out_slow(
    bench: Workbench,
) -> None:
    flow = Flow("changing", input=list[int])
    release = asyncio.Event()

    @flow.map()
    async def work(number: int) -> int:
        if number >= 200:
            await release.wait()
        return number

    async with bench.worker(flow, concurrency=4) as worker:
        run_id = bench.start(flow, list(range(400)))
        await bench.sees(lambda: _counts(bench) == {"completed": 200, "started": 4, "queued": 196})
        await bench.sees(lambda: worker.tally.released > 0)
        release.set()
        run = await bench.ended(run_id)

    assert run["status"] == "completed"
    assert {row["attempts_count"] for row in bench.engine.tasks(run_id).values()} == {1}


async def test_a_busy_flow_does_not_starve_the_others(bench: Workbench) -> None:
    busy = _counting("busy")
    others = [_counting(f"quiet_{number}") for number in range(12)]
    bench.register(busy, *others)
    bench.start_many(busy, 3000)
    for flow in others:
        bench.start_many(flow, 5)

    async with bench.worker(busy, *others, concurrency=4):
        await bench.all_ended()

    last = {
        row["flow_slug"]: row["last"]
        for row in bench.engine.rows(
            "select flow_slug, max(completed_at) as last from pgflow.runs group by flow_slug"
        )
    }
    assert max(last, key=lambda slug: last[slug]) == "busy"


async def test_two_workers_share_the_tasks_and_run_none_twice(bench: Workbench) -> None:
    flow = Flow("shared", input=list[int])
    seen: list[int] = []
    both_are_awake = asyncio.Event()

    @flow.map()
    async def note(number: int) -> int:
        seen.append(number)
        await both_are_awake.wait()
        return number

    async with bench.worker(flow, concurrency=8) as one, bench.worker(flow, concurrency=8) as two:
        await one.signals.idle.reaches(1)
        await two.signals.idle.reaches(1)
        run_id = bench.start(flow, list(range(300)))
        await one.signals.claimed.reaches(1)
        await two.signals.claimed.reaches(1)
        both_are_awake.set()
        run = await bench.ended(run_id)
        await bench.sees(lambda: one.tally.completed + two.tally.completed == 300)
        assert min(one.tally.completed, two.tally.completed) > 0

    assert run["output"] == {"note": list(range(300))}
    assert sorted(seen) == list(range(300))


async def test_a_worker_may_be_told_to_stop_after_so_many_tasks(bench: Workbench) -> None:
    flow = _counting("counted")
    bench.register(flow)
    bench.start_many(flow, 10)

    tally = await bench.worker(flow).run_until_idle(limit=4)

    assert (tally.processed, tally.completed, tally.failed) == (4, 4, 0)
    assert bench.count("tasks", "queued") == 6


async def test_a_worker_may_be_told_to_stop_when_nothing_is_left(bench: Workbench) -> None:
    flow = _counting("counted")
    bench.register(flow)
    bench.start_many(flow, 100)
    worker = bench.worker(flow)

    first = await worker.run_until_idle()
    second = await worker.run_until_idle()

    assert (first.processed, second.processed) == (100, 0)
    assert bench.count("runs", "completed") == 100


class Presence:
    """Counts who is inside, and how many there were at most."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._mutex = threading.Lock()

    def __enter__(self) -> None:
        with self._mutex:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            self._now -= 1


def _counting(slug: str) -> Flow[Any]:
    flow = Flow(slug)

    @flow.step()
    async def work() -> None:
        pass

    return flow


def _counts(bench: Workbench) -> dict[str, int]:
    rows = bench.engine.rows("select status, count(*) from pgflow.step_tasks group by status")
    return {row["status"]: row["count"] for row in rows}
