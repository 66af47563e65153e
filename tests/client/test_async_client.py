"""AsyncClient: what it shares with Client is tested there; here that each method is wired right."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from pgflow.client import AsyncClient, requests
from pgflow.errors import (
    DatabaseUnavailable,
    FlowNotFound,
    InvalidInput,
    RunCancelled,
    RunConflict,
    RunFailed,
    RunNotFound,
    WaitTimeout,
)
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.support.greeter import ALICE, BOB, fail_to_greet, greet, greet_user
from tests.support.waiting import connections, is_watched


async def until_watched(engine: Engine, *run_ids: Any) -> None:
    async def all_are_watched() -> bool:
        return all(is_watched(engine, run_id) for run_id in run_ids)

    await eventually_async(all_are_watched)


async def test_a_run_is_started_and_waited_for(async_client: AsyncClient, engine: Engine) -> None:
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait(timeout=60))
    await until_watched(engine, run.run_id)

    greet(engine, run.run_id)

    assert await waiting == {"greeting": "Hello, Alice Smith!"}
    assert (run.status, run.output) == ("completed", {"greeting": "Hello, Alice Smith!"})
    assert await run.wait() == {"greeting": "Hello, Alice Smith!"}


async def test_a_start_can_be_repeated(async_client: AsyncClient) -> None:
    run_id = uuid4()
    await async_client.start(greet_user, ALICE, run_id=run_id)

    run = await async_client.start(greet_user, ALICE, run_id=run_id)

    assert (run.run_id, run.created) == (run_id, False)
    with pytest.raises(RunConflict):
        await async_client.start(greet_user, BOB, run_id=run_id)


async def test_mistakes_raise_what_they_raise_in_the_sync_client(
    async_client: AsyncClient,
) -> None:
    half: Any = {"first_name": "Alice"}

    with pytest.raises(FlowNotFound):
        await async_client.start("greet_usr", ALICE)
    with pytest.raises(InvalidInput):
        await async_client.start(greet_user, half)
    with pytest.raises(RunNotFound):
        await async_client.get_run(uuid4())
    with pytest.raises(RunNotFound):
        await async_client.cancel("order-7")


async def test_many_runs_start_together(
    async_client: AsyncClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "RUNS_IN_A_STATEMENT", 2)

    runs = await async_client.start_many("greet_user", range(5))

    assert [run.input for run in runs] == [0, 1, 2, 3, 4]
    assert engine.value("select count(distinct xmin::text) from pgflow.runs") == 1


async def test_runs_are_found_listed_and_read_again(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    greet(engine, run.run_id)

    found = await async_client.get_run(run.run_id, flow=greet_user)
    listed = await async_client.list_runs(greet_user, status="completed", limit=1)
    older = await async_client.list_runs(greet_user, before=listed[0])
    again = await run.refresh()
    steps = await run.steps()

    assert [each.run_id for each in (found, *listed)] == [run.run_id] * 2
    assert older == []
    assert (again.status, again.output) == ("completed", {"greeting": "Hello, Alice Smith!"})
    assert [step.output for step in steps] == ["Alice Smith", "Hello, Alice Smith!"]


async def test_a_run_is_cancelled_and_carried_on(async_client: AsyncClient) -> None:
    run = await async_client.start(greet_user, ALICE)

    cancelled = await async_client.cancel(run.run_id)
    with pytest.raises(RunCancelled):
        await run.wait()
    carried_on = await async_client.retry(run.run_id)

    assert (cancelled.status, carried_on.status) == ("cancelled", "started")


async def test_a_flow_is_deleted_with_its_runs(async_client: AsyncClient, engine: Engine) -> None:
    await async_client.start(greet_user, ALICE)

    await async_client.delete_flow_and_data(greet_user)

    assert engine.rows("select from pgflow.runs") == []


async def test_a_failed_run_raises_step_and_message(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    fail_to_greet(engine, run.run_id)

    with pytest.raises(RunFailed, match=r"failed at step 'greeting': lost my voice: twice$"):
        await run.wait(timeout=60)


async def test_patience_ends(async_client: AsyncClient) -> None:
    run = await async_client.start(greet_user, ALICE)

    with pytest.raises(WaitTimeout, match=r" has not ended within 0\.05 s\. "):
        await run.wait(timeout=0.05)


async def test_a_thousand_waits_share_one_connection(
    async_client: AsyncClient, engine: Engine
) -> None:
    runs = await async_client.start_many(greet_user, [ALICE] * 1000)
    waiting = [asyncio.create_task(run.wait(timeout=60)) for run in runs]
    await until_watched(engine, runs[-1].run_id, runs[0].run_id)

    used = connections(engine)
    engine.rows("select pgflow.cancel_run(run_id) from pgflow.runs")
    ended = await asyncio.gather(*waiting, return_exceptions=True)

    assert {type(each) for each in ended} == {RunCancelled}
    assert used == 2


async def test_a_cancelled_wait_leaves_nothing_behind(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait())
    await until_watched(engine, run.run_id)

    waiting.cancel()

    async def nobody_watches() -> bool:
        return not is_watched(engine, run.run_id)

    await eventually_async(nobody_watches)


async def test_closing_the_client_ends_the_waiting(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    waiting = asyncio.create_task(run.wait())
    await until_watched(engine, run.run_id)

    await async_client.close()

    with pytest.raises(DatabaseUnavailable, match=r"^the client was closed while"):
        await waiting


async def test_every_method_takes_part_in_the_callers_transaction(
    async_client: AsyncClient, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    async with await psycopg.AsyncConnection.connect(pgflow_database.dsn) as connection:
        run = await async_client.start(greet_user, ALICE, connection=connection)
        await async_client.start_many(greet_user, [ALICE], connection=connection)
        seen = [
            (await async_client.get_run(run.run_id, connection=connection)).status,
            (await async_client.cancel(run.run_id, connection=connection)).status,
            (await async_client.retry(run.run_id, connection=connection)).status,
            (await run.refresh(connection=connection)).status,
            (await run.steps(connection=connection))[0].status,
            len(await async_client.list_runs(connection=connection)),
        ]
        await async_client.delete_flow_and_data(greet_user, connection=connection)
        await connection.rollback()

    assert seen == ["started", "cancelled", "started", "started", "started", 2]
    assert engine.value("select count(*) from pgflow.flows") == 1
    assert engine.rows("select from pgflow.runs") == []


def test_one_client_serves_one_event_loop_after_another(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    client = AsyncClient(pgflow_database.dsn)

    async def start_and_wait() -> dict[str, Any]:
        run = await client.start(greet_user, ALICE)
        greet(engine, run.run_id)
        return await run.wait(timeout=60)

    outputs = [asyncio.run(start_and_wait()) for _ in range(2)]
    asyncio.run(client.close())

    assert outputs == [{"greeting": "Hello, Alice Smith!"}] * 2
