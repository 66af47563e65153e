"""The server has committed a call, and its answer never arrives."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from pgflow.definition.flow import Flow
from pgflow.testing import PgflowDatabase
from pgflow.worker import Worker, current_task
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.support.faulty_proxy import FaultyProxy, proxy_to
from tests.support.jsonb import Json
from tests.support.rivals import Rival, rivals_on

# Leases of an hour: whoever waits for the end of one has lost its task.
flow = Flow("unanswered", input=list[int], max_attempts=1, timeout=3600)
handled: Counter[int] = Counter()
flow_of_one = Flow("one", max_attempts=1, timeout=3600)
begun, may_end = asyncio.Event(), asyncio.Event()


@flow.map()
async def work(number: int) -> int:
    handled[number] += 1
    async with current_task().transaction() as connection:
        await connection.execute("insert into effects (task_index) values (%s)", [number])
    return number


@flow_of_one.step(slug="wait")
async def wait_for_the_test(_: object) -> None:
    begun.set()
    await may_end.wait()


@pytest.fixture
def proxy(engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[FaultyProxy]:
    handled.clear()
    with proxy_to(pgflow_database.dsn) as proxy:
        yield proxy


async def test_tasks_of_a_claim_whose_answer_is_lost_run_all_the_same(
    engine: Engine, proxy: FaultyProxy
) -> None:
    async with Worker([flow, flow_of_one], database_url=proxy.url, concurrency=4) as worker:
        await worker.signals.idle.reaches(1)
        proxy.lose_next_answer("pgflow claims")
        output = await _run(engine, [1, 2])

    assert proxy.answers_lost == 1
    assert output == {"work": [1, 2]}
    assert handled == {1: 1, 2: 1}
    assert _attempts(engine) == {1}


@pytest.mark.slow
async def test_answers_that_are_lost_again_and_again_cost_nothing(
    engine: Engine, proxy: FaultyProxy
) -> None:
    numbers: list[Json] = list(range(40))
    async with Worker([flow, flow_of_one], database_url=proxy.url, concurrency=4) as worker:
        await worker.signals.idle.reaches(1)
        for _ in range(10):
            proxy.lose_next_answer("pgflow claims")
            running = asyncio.create_task(_run(engine, numbers))
            await worker.signals.claimed.next()
            proxy.lose_next_answer("pgflow claims")
            assert await running == {"work": numbers}

    assert proxy.answers_lost >= 10
    assert handled == dict.fromkeys(numbers, 10)
    assert _attempts(engine) == {1}


async def test_a_claim_that_comes_through_after_its_connection_was_cut_strands_nothing(
    engine: Engine, proxy: FaultyProxy, pgflow_database: PgflowDatabase
) -> None:
    """A report waits for a run; its call claims when nobody listens to it any more."""
    async with Worker([flow, flow_of_one], database_url=proxy.url, concurrency=4) as worker:
        await worker.signals.idle.reaches(1)
        with rivals_on(pgflow_database.dsn) as join:
            first = await _being_reported(engine, holder := join())
            second = engine.start("unanswered", [7])
            proxy.cut()
            await worker.signals.reconnected.reaches(1)
            holder.rolls_back()
            await _ended(engine, first)
            output = await _ended(engine, second)

    assert output == {"work": [7]}
    assert _attempts(engine) == {1}


async def test_an_effect_whose_commit_was_not_confirmed_happens_once(
    engine: Engine, proxy: FaultyProxy
) -> None:
    async with Worker([flow, flow_of_one], database_url=proxy.url, concurrency=4) as worker:
        await worker.signals.idle.reaches(1)
        await _run(engine, [0])
        for number in range(1, 6):
            proxy.lose_next_answer("pgflow handlers", to="COMMIT")
            assert await _run(engine, [number]) == {"work": [number]}

    assert proxy.answers_lost > 0
    effects = Counter(row["task_index"] for row in engine.rows("select task_index from effects"))
    assert effects == Counter(range(6))


async def _being_reported(engine: Engine, holder: Rival) -> UUID:
    """A run whose only task has ended, and the worker waits for the run to say so."""
    run_id = engine.start("one")
    await begun.wait()
    holder.begins(
        lambda e: e.rows("select from pgflow.runs where run_id = %(id)s for update", id=run_id)
    )
    may_end.set()
    await eventually_async(lambda: asyncio.sleep(0, engine.rows(_WAITS_FOR_A_RUN)))
    return run_id


_WAITS_FOR_A_RUN = """select from pg_stat_activity
  where datname = current_database() and application_name like 'pgflow claims%%'
    and wait_event_type = 'Lock'"""


async def _run(engine: Engine, run_input: Json) -> Json:
    """Start a run; its output when it has completed."""
    return await _ended(engine, engine.start("unanswered", run_input))


async def _ended(engine: Engine, run_id: UUID) -> Json:
    query = "select output from pgflow.runs where run_id = %(id)s and status = 'completed'"
    rows = await eventually_async(lambda: asyncio.sleep(0, engine.rows(query, id=run_id)))
    return rows[0]["output"]


def _attempts(engine: Engine) -> set[int]:
    return {row["attempts_count"] for row in engine.rows("select * from pgflow.step_tasks")}
