"""`task.transaction()`: a handler's writes and its completion stand or fall together."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any, NoReturn

import pytest

from pgflow.definition.flow import Flow
from pgflow.worker import current_task, heartbeat
from tests.worker.workbench import Workbench


@pytest.fixture(autouse=True)
def ledger(bench: Workbench) -> None:
    """A table for the handlers to write to."""
    bench.engine.do("create table ledger (entry text)")


async def test_an_async_handler_writes_in_the_transaction_of_its_completion(
    bench: Workbench,
) -> None:
    flow = Flow("ledger")

    @flow.step()
    async def write() -> str:
        async with current_task().transaction() as connection:
            await connection.execute("insert into ledger values ('paid')")
        return "written"

    async with bench.worker(flow) as worker:
        run = await bench.ended(bench.start(flow))
        await bench.sees(lambda: worker.tally.completed == 1)

    assert run["output"] == {"write": "written"}
    assert _entries(bench) == ["paid"]


async def test_a_sync_handler_writes_in_the_transaction_of_its_completion(
    bench: Workbench,
) -> None:
    flow = Flow("ledger")

    @flow.step()
    def write() -> str:
        with current_task().transaction() as connection:
            connection.execute("insert into ledger values ('paid')")
        return "written"

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))

    assert run["output"] == {"write": "written"}
    assert _entries(bench) == ["paid"]


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_handler_that_fails_leaves_nothing_behind(bench: Workbench, is_async: bool) -> None:
    flow = _writing("lost", then=ValueError("no"), is_async=is_async, max_attempts=1)

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))

    assert run["error_message"] == "write: ValueError: no"
    assert _entries(bench) == []


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_each_block_is_a_savepoint(bench: Workbench, is_async: bool) -> None:
    flow = Flow("blocks")

    async def write_async() -> None:
        task = current_task()
        async with task.transaction() as connection:
            await connection.execute("insert into ledger values ('kept')")
        try:
            async with task.transaction() as connection:
                await connection.execute("insert into ledger values ('undone')")
                _fail()
        except LookupError:
            pass
        async with task.transaction() as connection:
            await connection.execute("insert into ledger values ('kept too')")

    def write() -> None:
        task = current_task()
        with task.transaction() as connection:
            connection.execute("insert into ledger values ('kept')")
        try:
            with task.transaction() as connection:
                connection.execute("insert into ledger values ('undone')")
                _fail()
        except LookupError:
            pass
        with task.transaction() as connection:
            connection.execute("insert into ledger values ('kept too')")

    flow.step(slug="write")(write_async if is_async else write)
    async with bench.worker(flow):
        await bench.ended(bench.start(flow))

    assert _entries(bench) == ["kept", "kept too"]


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_refused_completion_rolls_everything_back(
    bench: Workbench,
    is_async: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A heartbeat would tell the worker first.
    monkeypatch.setattr(heartbeat, "INTERVAL", 3600)
    written, may_return = threading.Event(), threading.Event()
    flow = _writing("stolen", is_async=is_async, written=written, may_return=may_return)

    with caplog.at_level(logging.WARNING, "pgflow"):
        async with bench.worker(flow) as worker:
            run_id = bench.start(flow)
            await bench.sees(written.is_set)
            _give_to_another_worker(bench)
            may_return.set()
            await bench.sees(lambda: caplog.messages)
            assert worker.tally.completed == 0

    assert caplog.messages == [
        "completion refused, the task is no longer ours: its transaction is rolled back"
    ]
    assert caplog.records[0].__dict__["run_id"] == str(run_id)
    assert _entries(bench) == []


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_connection_that_breaks_before_the_commit_loses_nothing_and_doubles_nothing(
    bench: Workbench, is_async: bool
) -> None:
    written, may_return = threading.Event(), threading.Event()
    flow = _writing(
        "broken", is_async=is_async, written=written, may_return=may_return, max_attempts=1
    )

    async with bench.worker(flow):
        run_id = bench.start(flow)
        await bench.sees(written.is_set)
        assert bench.terminate("handlers") == 1
        may_return.set()
        run = await bench.ended(run_id)

    assert run["status"] == "completed"
    assert _entries(bench) == ["broken"]
    assert bench.engine.task(run_id, "write")["attempts_count"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_a_handler_waits_for_a_database_that_lets_nobody_in(
    bench: Workbench, is_async: bool
) -> None:
    flow = _writing("patient", is_async=is_async, max_attempts=1)

    async with bench.worker(flow) as worker:
        await worker.signals.idle.reaches(1)
        bench.admit_connections(admitted=False)
        run_id = bench.start(flow)
        await worker.signals.heartbeat.next()
        bench.admit_connections(admitted=True)
        run = await bench.ended(run_id)

    assert run["status"] == "completed"
    assert _entries(bench) == ["patient"]


async def test_a_constraint_that_is_checked_at_the_commit_fails_the_attempt(
    bench: Workbench,
) -> None:
    bench.engine.do("alter table ledger add unique (entry) deferrable initially deferred")
    bench.engine.do("insert into ledger values ('twice')")
    flow = _writing("twice", is_async=True, max_attempts=1)

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))

    assert run["status"] == "failed"
    assert run["error_message"].startswith("write: UniqueViolation: duplicate key value violates")
    assert _entries(bench) == ["twice"]


async def test_the_wrong_kind_of_block_says_which_one_is_right(bench: Workbench) -> None:
    flow = Flow("kinds", input=str, max_attempts=1)

    @flow.step(when_exhausted="skip")
    async def in_async(_: str) -> None:
        with current_task().transaction():
            pass

    @flow.step(when_exhausted="skip")
    def in_sync(_: str) -> None:
        async def write() -> None:
            async with current_task().transaction():
                pass

        asyncio.run(write())

    async with bench.worker(flow):
        run_id = bench.start(flow, "x")
        await bench.ended(run_id)

    assert bench.engine.task(run_id, "in_async")["error_message"] == (
        "TypeError: this handler is async. Use `async with task.transaction() as connection:`"
    )
    assert bench.engine.task(run_id, "in_sync")["error_message"] == (
        "TypeError: this handler is not async. Use `with task.transaction() as connection:`"
    )


async def test_more_handlers_than_connections_take_turns(bench: Workbench) -> None:
    flow = Flow("crowd", input=list[int])

    @flow.map()
    async def write(number: int) -> None:
        async with current_task().transaction() as connection:
            await connection.execute("insert into ledger values (%s)", [str(number)])

    async with bench.worker(flow, concurrency=40):
        await bench.ended(bench.start(flow, list(range(100))))

    assert len(_entries(bench)) == 100


def _writing(
    entry: str,
    *,
    is_async: bool,
    then: Exception | None = None,
    written: threading.Event | None = None,
    may_return: threading.Event | None = None,
    **options: int,
) -> Flow[Any]:
    """A flow whose one step writes an entry, says so, and waits before it returns."""
    flow = Flow("writing", **options)

    async def write_async() -> None:
        async with current_task().transaction() as connection:
            await connection.execute("insert into ledger values (%s)", [entry])
        await asyncio.to_thread(wait)

    def write() -> None:
        with current_task().transaction() as connection:
            connection.execute("insert into ledger values (%s)", [entry])
        wait()

    def wait() -> None:
        if written is not None and may_return is not None:
            written.set()
            may_return.wait()
        if then is not None:
            raise then

    flow.step(slug="write")(write_async if is_async else write)
    return flow


def _fail() -> NoReturn:
    raise LookupError


def _give_to_another_worker(bench: Workbench) -> None:
    bench.engine.do(
        "update pgflow.step_tasks set last_worker_id = %(id)s where status = 'started'",
        id=bench.engine.worker(),
    )


def _entries(bench: Workbench) -> list[str]:
    return [row["entry"] for row in bench.engine.rows("select entry from ledger order by entry")]
