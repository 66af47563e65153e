"""How it shows in a trace that something failed, was skipped, cancelled, or tried again."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from pgflow import Client, Fail, Flow
from tests.support.eventually import eventually_async
from tests.telemetry.trips import TRIP, trip
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench


@pytest.mark.parametrize("is_async", [True, False])
async def test_each_attempt_is_a_span_and_a_failed_one_tells_why(
    bench: Workbench, watch: Watch, is_async: bool
) -> None:
    flow = Flow[Any]("trip", max_attempts=2, base_delay=1)

    def fail() -> None:
        raise LookupError("no bag")

    async def fail_later() -> None:
        fail()

    flow.step(slug="pack")(fail_later if is_async else fail)

    async with bench.worker(flow, telemetry=watch.telemetry) as worker:
        bench.start(flow)
        await worker.signals.reported.reaches(1)
        bench.engine.advance(5)
        tree = await watch.sees(
            "run trip",
            "run trip > step pack",
            *["run trip > step pack > attempt pack"] * 2,
        )

    run, step = tree.one("run trip"), tree.one("step pack")
    assert (run.status, run.described) == ("ERROR", "pack: LookupError: no bag")
    assert (step.status, step.described) == ("ERROR", "LookupError: no bag")
    attempts = tree.all("attempt pack")
    assert [span.attributes["pgflow.attempt"] for span in attempts] == [1, 2]
    for span in attempts:
        assert (span.status, span.described) == ("ERROR", "LookupError: no bag")
        (event,) = span.events
        assert event["name"] == "exception"
        assert event["attributes"]["exception.type"] == "LookupError"
        assert "fail" in event["attributes"]["exception.stacktrace"]


async def test_a_step_that_is_skipped_says_why(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip")

    @flow.step(when={"far": True}, when_unmet="skip")
    def fly() -> None: ...

    @flow.step(max_attempts=1, when_exhausted="skip")
    def walk() -> None:
        raise Fail("tired")

    async with bench.worker(flow, telemetry=watch.telemetry):
        bench.start(flow, {"far": False})
        tree = await watch.sees(
            "run trip",
            "run trip > step fly",
            "run trip > step walk",
            "run trip > step walk > attempt walk",
        )

    skipped = {name: tree.one(f"step {name}").attributes for name in ("fly", "walk")}
    assert {name: told["pgflow.status"] for name, told in skipped.items()} == {
        "fly": "skipped",
        "walk": "skipped",
    }
    assert skipped["fly"]["pgflow.skip_reason"] == "condition_unmet"
    assert skipped["walk"]["pgflow.skip_reason"] == "handler_failed"
    assert tree.one("run trip").status == "UNSET"


async def test_a_timeout_ends_the_span_of_its_attempt(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip", max_attempts=1)

    @flow.step()
    async def pack() -> None:
        await asyncio.Event().wait()

    bench.register(flow)
    bench.set_timeout(flow, 1)

    async with bench.worker(flow, telemetry=watch.telemetry):
        bench.start(flow)
        tree = await watch.sees(
            "run trip", "run trip > step pack", "run trip > step pack > attempt pack"
        )

    attempt = tree.one("attempt pack")
    assert (attempt.status, attempt.described) == ("ERROR", "timed out after 1s")


async def test_a_thread_that_does_not_heed_its_timeout_has_a_span_that_ends(
    bench: Workbench, watch: Watch
) -> None:
    flow = Flow[Any]("trip", max_attempts=1)
    go_on = threading.Event()

    @flow.step()
    def pack() -> None:
        go_on.wait(20)

    bench.register(flow)
    bench.set_timeout(flow, 1)

    async with bench.worker(flow, telemetry=watch.telemetry):
        bench.start(flow)
        tree = await watch.sees(
            "run trip", "run trip > step pack", "run trip > step pack > attempt pack"
        )
        go_on.set()

    attempt = tree.one("attempt pack")
    assert (attempt.status, attempt.described) == ("ERROR", "timed out after 1s")
    assert watch.tree().all("attempt pack") == [attempt]


async def test_an_attempt_that_is_handed_back_is_no_failure(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip")
    began = asyncio.Event()

    @flow.step()
    async def pack() -> None:
        began.set()
        await asyncio.Event().wait()

    async with bench.worker(flow, telemetry=watch.telemetry, shutdown_timeout=0.1):
        bench.start(flow)
        await began.wait()

    (attempt,) = watch.tree().spans
    assert (attempt.status, attempt.attributes["pgflow.outcome"]) == ("UNSET", "released")


async def test_a_cancelled_run_has_its_spans_without_a_report(
    bench: Workbench, watch: Watch
) -> None:
    flow = Flow[Any]("trip")
    began = asyncio.Event()

    @flow.step()
    async def pack() -> None:
        began.set()
        await asyncio.Event().wait()

    async with bench.worker(flow, telemetry=watch.telemetry):
        run_id = bench.start(flow)
        await began.wait()
        bench.engine.cancel(run_id)
        tree = await watch.sees(
            "run trip", "run trip > step pack", "run trip > step pack > attempt pack"
        )

    assert tree.one("run trip").attributes["pgflow.status"] == "cancelled"
    assert tree.one("step pack").attributes["pgflow.status"] == "cancelled"
    assert tree.one("attempt pack").attributes["pgflow.outcome"] == "dropped"


async def test_a_retry_is_a_span_of_its_own_below_the_first(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip", max_attempts=1)
    bags: list[str] = []

    @flow.step()
    async def plan() -> None: ...

    @flow.step(plan)
    async def pack(_: None) -> None:
        if not bags:
            raise Fail("no bag")

    once = (
        "run trip",
        "run trip > step plan",
        "run trip > step plan > attempt plan",
        "run trip > step pack",
        "run trip > step pack > attempt pack",
    )
    async with bench.worker(flow, telemetry=watch.telemetry):
        run_id = bench.start(flow)
        await watch.sees(*once)
        bags.append("red")
        bench.engine.retry(run_id)
        tree = await watch.sees(
            *once,
            "run trip > run trip",
            "run trip > run trip > step pack",
            "run trip > run trip > step pack > attempt pack",
        )

    assert len(tree.trace_ids) == 1
    first, second = tree.all("run trip")
    assert [first.status, second.status] == ["ERROR", "UNSET"]
    assert first.ended <= second.began
    assert second.attributes["pgflow.retries"] == 1
    assert second.began <= tree.all("step pack")[1].began


async def test_a_rerun_traces_only_what_it_does_again(bench: Workbench, watch: Watch) -> None:
    flow = trip(watch)
    async with bench.worker(flow, telemetry=watch.telemetry):
        with Client(bench.dsn) as client:
            run_id = bench.start(flow)
            await watch.sees(*TRIP)
            again = client.rerun(run_id, from_step="carry")

        async def looks() -> bool:
            return len(watch.tree().all("run trip")) == 2

        await eventually_async(looks)

    new = [s for s in watch.tree().spans if s.attributes.get("pgflow.run_id") == str(again.run_id)]
    assert sorted(span.name for span in new) == [
        *["attempt carry"] * 3,
        "run trip",
        "step carry",
    ]
