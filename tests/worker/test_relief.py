"""The second connection that a busy worker helps itself with."""

from __future__ import annotations

import asyncio
import logging

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.definition.flow import Flow
from pgflow.worker import Worker
from pgflow.worker.reports import PILE
from tests.support.invariants import assert_sound
from tests.worker.workbench import Workbench

flow = Flow("busy")


@flow.step()
async def first(_: object) -> int:
    return 1


@flow.step(first)
async def second(first: int) -> int:
    return first + 1


def connections(bench: Workbench) -> int:
    return bench.engine.value(
        """select count(*) from pg_stat_activity
        where datname = current_database() and starts_with(application_name, 'pgflow relief ')"""
    )


async def busy(bench: Workbench) -> None:
    """Wait until the second connection is at work."""
    await bench.sees(lambda: connections(bench) == 1)


async def test_a_worker_under_load_helps_itself_with_a_second_connection(bench: Workbench) -> None:
    bench.register(flow)
    bench.start_many(flow, 2000)

    async with bench.worker(flow, concurrency=100):
        await busy(bench)
        await bench.all_ended()

    assert bench.count("tasks", "completed") == 4000
    assert_sound(bench.engine)


async def test_a_worker_with_little_to_do_has_no_second_connection(bench: Workbench) -> None:
    bench.register(flow)
    bench.start_many(flow, PILE // 2)

    async with bench.worker(flow, concurrency=4) as worker:
        await bench.all_ended()
        await worker.signals.idle.reaches(1)

        assert connections(bench) == 0


@pytest.mark.slow
async def test_a_second_connection_that_breaks_loses_and_doubles_nothing(bench: Workbench) -> None:
    bench.register(flow)
    bench.start_many(flow, 6000)

    broken = 0
    async with bench.worker(flow, concurrency=100) as worker:
        await busy(bench)
        for _ in range(20):
            await worker.signals.reported.next()
            broken += bench.terminate("relief")
        await bench.all_ended()

    assert broken > 0
    assert bench.count("tasks", "completed") == 12_000
    assert bench.engine.value("select max(attempts_count) from pgflow.step_tasks") == 1
    assert_sound(bench.engine)


async def test_both_connections_may_break_at_once(bench: Workbench) -> None:
    bench.register(flow)
    bench.start_many(flow, 4000)

    async with bench.worker(flow, concurrency=100) as worker:
        await busy(bench)
        bench.terminate("%")
        await worker.signals.reconnected.reaches(1)
        await bench.all_ended()

    assert bench.count("tasks", "completed") == 8000
    assert bench.engine.value("select max(attempts_count) from pgflow.step_tasks") == 1
    assert_sound(bench.engine)


async def test_where_there_is_no_second_connection_to_be_had_the_first_does_it_all(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pgflow.worker.relief")
    bench.register(flow)
    bench.start_many(flow, 2000)
    role = sql.Identifier("few_connections_" + bench.engine.value("select current_database()"))
    owner = bench.engine.value("select current_user")
    statements = (
        sql.SQL("create role {} login connection limit 2").format(role),
        sql.SQL("grant {} to {}").format(sql.Identifier(owner), role),
        sql.SQL("alter role {} set role to {}").format(role, sql.Identifier(owner)),
    )
    for statement in statements:
        bench.engine.connection.execute(statement)

    url = make_conninfo(bench.dsn, user=role.as_string().strip('"'))
    # To compile the flow takes a connection that the server may still count when it is closed.
    async with Worker([flow], database_url=url, concurrency=100, compilation="off"):
        await bench.all_ended()
    bench.engine.connection.execute(sql.SQL("drop role {}").format(role))

    assert bench.count("tasks", "completed") == 4000
    (told, *_) = [one.getMessage() for one in caplog.records if one.name.endswith(".relief")]
    assert told.startswith("going on without a second connection for now: ")
    assert "too many connections for role" in told


async def test_a_worker_that_is_told_to_end_under_load_hands_back_what_is_left(
    bench: Workbench,
) -> None:
    bench.register(flow)
    bench.start_many(flow, 8000)

    worker = bench.worker(flow, concurrency=100)
    running = asyncio.create_task(worker.run())
    await busy(bench)
    await worker.stop()
    await running

    assert bench.count("tasks", "started") == 0
    assert 0 < bench.count("tasks", "completed") < 16_000
    assert_sound(bench.engine)
