"""A run is one trace: run, steps, attempts, and what handlers trace themselves."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from opentelemetry import baggage, context

from pgflow import AsyncClient, Client, Flow
from pgflow.asgi import cron_worker
from tests.support.http import served
from tests.telemetry.trips import TRIP, trip
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench


async def test_a_run_that_nobody_traced_is_a_trace_of_its_own(
    bench: Workbench, watch: Watch
) -> None:
    async with bench.worker(trip(watch), telemetry=watch.telemetry):
        run_id = bench.start(trip(watch))
        tree = await watch.sees(*TRIP)

    assert len(tree.trace_ids) == 1
    run, pack, attempt = tree.one("run trip"), tree.one("step pack"), tree.one("attempt pack")
    assert run.attributes == {
        "pgflow.flow": "trip",
        "pgflow.run_id": str(run_id),
        "pgflow.status": "completed",
    }
    assert pack.attributes == {
        "pgflow.flow": "trip",
        "pgflow.step": "pack",
        "pgflow.run_id": str(run_id),
        "pgflow.status": "completed",
        "pgflow.tasks": 1,
    }
    assert attempt.kind == "CONSUMER"
    assert attempt.attributes == {
        "pgflow.flow": "trip",
        "pgflow.step": "pack",
        "pgflow.run_id": str(run_id),
        "pgflow.task_index": 0,
        "pgflow.attempt": 1,
        "pgflow.outcome": "completed",
        "messaging.system": "pgmq",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "trip",
        "messaging.message.id": "1",
    }
    assert run.began <= pack.began <= pack.ended <= run.ended
    indices = [span.attributes["pgflow.task_index"] for span in tree.all("attempt carry")]
    assert sorted(indices) == [0, 1, 2]


async def test_a_run_belongs_to_the_trace_of_its_client(bench: Workbench, watch: Watch) -> None:
    flow = trip(watch)
    bench.register(flow)
    async with AsyncClient(bench.dsn, telemetry=watch.telemetry) as client:
        with watch.span("request"):
            await client.start(flow, None)

    async with bench.worker(flow, telemetry=watch.telemetry):
        tree = await watch.sees("request", *(f"request > {path}" for path in TRIP))

    assert len(tree.trace_ids) == 1


def test_every_way_to_start_a_run_hands_the_trace_on(bench: Workbench, watch: Watch) -> None:
    flow = trip(watch)
    bench.register(flow)
    with Client(bench.dsn, telemetry=watch.telemetry) as client, watch.span("request"):
        one = client.start(flow, None)
        many = client.start_many(flow, [None, None])
        paused = client.start(flow, None, paused=True)
        again = client.rerun(one.run_id)

    runs = bench.engine.rows("select run_id, carrier from pgflow.run_traces")
    started = {run.run_id for run in (one, *many, paused, again)}
    trace_id = watch.tree().one("request").trace_id.removeprefix("0x")
    assert {row["run_id"] for row in runs} == started
    assert {row["carrier"]["traceparent"].split("-")[1] for row in runs} == {trace_id}


def test_a_start_that_finds_its_run_changes_nothing_about_its_trace(
    bench: Workbench, watch: Watch
) -> None:
    flow = trip(watch)
    bench.register(flow)
    run_id = bench.start(flow, {})
    with Client(bench.dsn, telemetry=watch.telemetry) as client, watch.span("request"):
        found, made = client.start_many(flow, [{}, {}], run_ids=[run_id, uuid4()])

    traced = bench.engine.rows("select run_id from pgflow.run_traces")
    assert (found.created, made.created) == (False, True)
    assert traced == [{"run_id": made.run_id}]


def test_a_start_that_rolls_back_leaves_no_trace(bench: Workbench, watch: Watch) -> None:
    flow = trip(watch)
    bench.register(flow)
    with (
        Client(bench.dsn, telemetry=watch.telemetry) as client,
        watch.span("request"),
        bench.engine.connection.transaction(force_rollback=True),
    ):
        client.start(flow, None, connection=bench.engine.connection)

    assert bench.engine.value("select count(*) from pgflow.run_traces") == 0


async def test_a_batch_over_http_is_traced_as_well(bench: Workbench, watch: Watch) -> None:
    flow = trip(watch)
    bench.register(flow)
    bench.start(flow)
    app = cron_worker(flow, database_url=bench.dsn, telemetry=watch.telemetry)

    async with served(app) as client:
        await client.post("/", json={"flow_slug": "trip"})

    await watch.sees(*TRIP)


async def test_baggage_travels_with_the_run(bench: Workbench, watch: Watch) -> None:
    flow = Flow[Any]("trip")

    @flow.step()
    def pack() -> object:
        return baggage.get_baggage("tenant")

    bench.register(flow)
    token = context.attach(baggage.set_baggage("tenant", "blue"))
    try:
        with Client(bench.dsn, telemetry=watch.telemetry) as client:
            run = client.start(flow, None)
    finally:
        context.detach(token)

    async with bench.worker(flow, telemetry=watch.telemetry):
        ended = await bench.ended(run.run_id)
        await watch.sees("run trip", "run trip > step pack", "run trip > step pack > attempt pack")

    assert ended["output"] == {"pack": "blue"}
