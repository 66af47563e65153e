"""One batch per request, over real HTTP."""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import pytest

from pgflow.asgi import cron_worker
from tests.asgi.flows import Gate, chain, double, gated
from tests.support.http import served
from tests.worker.workbench import Workbench


async def test_a_request_works_on_a_batch_and_tells_what_came_of_it(bench: Workbench) -> None:
    bench.register(double)
    run_ids = [bench.start(double, number) for number in (1, 2, -3)]

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", json={"flow_slug": "double"})

    assert answer.status_code == 200
    told = answer.json()
    assert UUID(told.pop("worker_id")) == bench.engine.value("select worker_id from pgflow.workers")
    assert told == {
        "status": "completed",
        "flow_slug": "double",
        "batch_size": 10,
        "max_concurrent": 5,
        "processed": 3,
        "completed": 2,
        "failed": 1,
    }
    statuses = [bench.engine.run(run_id)["status"] for run_id in run_ids]
    assert statuses == ["completed", "completed", "failed"]


async def test_nothing_to_do_is_an_answer_too(bench: Workbench) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", json={"flow_slug": "double", "batch_size": 3})

    told = answer.json()
    assert (answer.status_code, told["status"], told["processed"]) == (200, "completed", 0)
    assert (told["batch_size"], told["max_concurrent"]) == (3, 3)


async def test_a_batch_like_all_others_is_not_logged(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pgflow")

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        for _ in range(2):
            await client.post("/", json={"flow_slug": "double"})

    ours = [one for one in caplog.records if one.name.startswith("pgflow.")]
    told = [one.getMessage() for one in ours if one.name != "pgflow.asgi"]
    assert told == ["✓ Flow 'double' created"]


async def test_no_more_than_a_batch_is_claimed(bench: Workbench) -> None:
    bench.register(double)
    bench.start_many(double, 7)

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        sizes = [
            (await client.post("/", json={"flow_slug": "double", "batch_size": 4})).json()
            for _ in range(3)
        ]

    assert [told["completed"] for told in sizes] == [4, 3, 0]
    assert bench.count("runs", "completed") == 7


async def test_a_batch_goes_on_with_the_steps_that_it_unlocks(bench: Workbench) -> None:
    bench.register(chain)
    run_id = bench.start(chain, 1)

    async with served(cron_worker([double, chain], database_url=bench.dsn)) as client:
        told = (await client.post("/", json={"flow_slug": "chain"})).json()

    assert told["completed"] == 2
    assert bench.engine.run(run_id)["output"] == {"second": 3}


async def test_only_so_many_handlers_run_at_a_time(bench: Workbench) -> None:
    gate = Gate()
    flow = gated(gate)
    bench.register(flow)
    bench.start_many(flow, 6)
    order = {"flow_slug": "gated", "batch_size": 6, "max_concurrent": 2}

    async with served(cron_worker(flow, database_url=bench.dsn)) as client:
        asked = asyncio.create_task(client.post("/", json=order))
        await bench.sees(lambda: gate.inside == 2)
        gate.opened.set()
        told = (await asked).json()

    assert (told["completed"], gate.most) == (6, 2)


async def test_many_requests_at_once_lose_and_double_nothing(bench: Workbench) -> None:
    bench.register(double)
    bench.start_many(double, 60)
    order = {"flow_slug": "double", "batch_size": 10}

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answers = await asyncio.gather(*(client.post("/", json=order) for _ in range(8)))

    told = [answer.json() for answer in answers]
    assert {answer.status_code for answer in answers} == {200}
    assert len({each["worker_id"] for each in told}) == 8
    assert sum(each["completed"] for each in told) == 60
    assert bench.count("runs", "completed") == 60
    assert bench.engine.value("select max(attempts_count) from pgflow.step_tasks") == 1


async def test_a_worker_of_a_batch_has_stopped_when_its_answer_comes(bench: Workbench) -> None:
    async with served(cron_worker(double, database_url=bench.dsn, name="cron")) as client:
        await client.post("/", json={"flow_slug": "double"})

    rows = bench.engine.rows(
        "select function_name, stopped_at is null as lives from pgflow.workers"
    )
    assert [tuple(row.values()) for row in rows] == [("cron", False)]
