"""A request whose time runs out, and one whose database goes away: nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.asgi import cron_worker
from tests.asgi.flows import Gate, chain, double, gated
from tests.support import dying
from tests.support.eventually import eventually_async
from tests.support.http import served
from tests.worker.workbench import Workbench


@pytest.mark.slow
async def test_at_the_time_limit_what_has_not_begun_goes_back(bench: Workbench) -> None:
    gate = Gate()
    flow = gated(gate)
    bench.register(flow)
    bench.start_many(flow, 5)
    app = cron_worker(flow, database_url=bench.dsn, time_limit=1.5, shutdown_timeout=30)
    order = {"flow_slug": "gated", "max_concurrent": 2}

    async with served(app) as client:
        asked = asyncio.create_task(client.post("/", json=order))
        await bench.sees(lambda: gate.began == 2)
        await time_passes(1.6)
        gate.opened.set()
        first = await asked
        second = await client.post("/", json=order)

    assert (first.status_code, first.json()["completed"], gate.most) == (200, 2, 2)
    assert (second.status_code, second.json()["completed"]) == (200, 3)
    assert bench.engine.value("select max(attempts_count) from pgflow.step_tasks") == 1


async def test_a_handler_that_does_not_end_goes_back_without_costing_an_attempt(
    bench: Workbench,
) -> None:
    gate = Gate()
    flow = gated(gate)
    bench.register(flow)
    run_id = bench.start(flow)
    app = cron_worker(flow, database_url=bench.dsn, time_limit=0.2, shutdown_timeout=0.1)

    async with served(app) as client:
        first = await client.post("/", json={"flow_slug": "gated"})
        task = bench.engine.task(run_id, "wait")
        gate.opened.set()
    async with served(cron_worker(flow, database_url=bench.dsn)) as client:
        second = await client.post("/", json={"flow_slug": "gated"})

    assert (first.status_code, first.json()["processed"]) == (200, 0)
    assert (task["status"], task["attempts_count"]) == ("queued", 0)
    assert second.json()["completed"] == 1


async def test_a_database_that_is_away_is_said_so(bench: Workbench) -> None:
    nowhere = "postgresql://me:hidden@127.0.0.1:1/shop"

    async with served(cron_worker(double, database_url=nowhere)) as client:
        answer = await client.post("/", json={"flow_slug": "double"})
        health = await client.get("/health")
        metrics = await client.get("/metrics")

    assert answer.status_code == 503
    told = answer.json()
    assert told["status"] == "error"
    assert told["error"].startswith("the database cannot be reached: ")
    assert "hidden" not in answer.text
    assert (health.status_code, health.json()) == (
        503,
        {"status": "error", "database": "unreachable", "error": "the database does not answer"},
    )
    assert "pgflow_database_up 0\n" in metrics.text


async def test_no_database_at_all_is_said_so(
    bench: Workbench, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)

    async with served(cron_worker(double)) as client:
        answer = await client.post("/", json={"flow_slug": "double"})

    assert answer.status_code == 503
    assert answer.json()["error"].startswith("no database is named: ")


async def test_a_database_without_an_engine_is_a_failure_of_the_server(empty_database: str) -> None:
    async with served(cron_worker(double, database_url=empty_database)) as client:
        answer = await client.post("/", json={"flow_slug": "double"})

    assert answer.status_code == 500
    assert "pgflow install" in answer.json()["error"]


async def test_a_batch_outlives_connections_that_break(bench: Workbench) -> None:
    gate = Gate()
    flow = gated(gate)
    bench.register(flow)
    run_id = bench.start(flow)

    async with served(cron_worker(flow, database_url=bench.dsn)) as client:
        asked = asyncio.create_task(client.post("/", json={"flow_slug": "gated"}))
        await bench.sees(lambda: gate.inside == 1)
        bench.terminate("claims")
        gate.opened.set()
        answer = await asked

    assert (answer.status_code, answer.json()["completed"]) == (200, 1)
    assert bench.engine.run(run_id)["status"] == "completed"


async def test_requests_whose_connections_all_break_lose_nothing(bench: Workbench) -> None:
    bench.register(chain)
    bench.start_many(chain, 40)
    order = {"flow_slug": "chain", "batch_size": 20}

    async with served(cron_worker(chain, database_url=bench.dsn)) as client:
        asked = [asyncio.create_task(client.post("/", json=order)) for _ in range(6)]
        await bench.sees(lambda: bench.count("runs", "completed") > 2)
        bench.terminate("claims")
        bench.terminate("heartbeat")
        answers = await asyncio.gather(*asked)
        rest = [await client.post("/", json=order) for _ in range(2)]

    assert {answer.status_code for answer in (*answers, *rest)} <= {200, 503}
    assert bench.count("runs", "completed") == 40
    assert bench.engine.rows("select * from pgflow.check_invariants()") == []


@pytest.mark.slow
async def test_what_cannot_be_reported_is_attempted_again_when_the_database_is_back(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgflow.worker.shift.FLUSH", 0.5)
    gate = Gate()
    flow = gated(gate)
    bench.register(flow)
    run_id = bench.start(flow)
    app = cron_worker(flow, database_url=bench.dsn, time_limit=2, shutdown_timeout=0.1)

    async with served(app) as client:
        asked = asyncio.create_task(client.post("/", json={"flow_slug": "gated"}))
        await bench.sees(lambda: gate.inside == 1)
        lock_out(bench, is_locked=True)
        gate.opened.set()
        answer = await asked
        lock_out(bench, is_locked=False)
        outlive_the_lost_worker(bench)
        again = await client.post("/", json={"flow_slug": "gated"})

    assert answer.status_code == 503
    assert answer.json()["error"] == (
        "the database went away before 1 task could be reported. "
        "They go back to the queue when it is there again: other workers see to that"
    )
    assert (again.status_code, again.json()["completed"]) == (200, 1)
    assert bench.engine.run(run_id)["status"] == "completed"


async def time_passes(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    then = loop.time() + seconds
    await eventually_async(lambda: asyncio.sleep(0, loop.time() >= then))


def lock_out(bench: Workbench, *, is_locked: bool) -> None:
    """Let nobody connect to the test's database any more, and end who is connected; or undo it."""
    statement = sql.SQL("alter database {} with allow_connections {}").format(
        sql.Identifier(bench.engine.connection.info.dbname),
        sql.SQL("false" if is_locked else "true"),
    )
    elsewhere = make_conninfo(bench.dsn, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as connection:
        connection.execute(statement)
    if is_locked:
        bench.terminate("claims")
        bench.terminate("heartbeat")


def outlive_the_lost_worker(bench: Workbench) -> None:
    """Some seconds later, a look after others finds that the worker is gone."""
    lost = bench.engine.value("select worker_id from pgflow.workers")
    dying.fall_silent(bench.engine, lost)
    assert dying.recover(bench.engine) == 1
