"""What a worker says about the arguments that it is made with, and about flows it cannot serve."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pgflow.definition.flow import Flow
from pgflow.environment import DATABASE_URL_VARIABLE, DIRECT_URL_VARIABLE
from pgflow.errors import DatabaseUnavailable, DatabaseUrlMissing, FlowConflict, FlowDefinitionError
from pgflow.worker import Worker
from tests.worker.workbench import Workbench

URL = "postgresql://localhost/any"
echo = Flow("echo")
echo.step(slug="same")(lambda: None)


def test_two_flows_of_one_slug_are_refused() -> None:
    with pytest.raises(FlowDefinitionError) as raised:
        Worker([echo, Flow("echo")], database_url=URL)

    assert str(raised.value) == (
        "two flows of this worker have the slug 'echo'. "
        "Give one of them another slug, or serve them from two workers"
    )


def test_a_flow_may_be_named_twice_and_a_single_one_without_a_list() -> None:
    Worker([echo, echo], database_url=URL)
    Worker(echo, database_url=URL)


def test_a_worker_without_flows_is_refused() -> None:
    with pytest.raises(FlowDefinitionError, match="a worker needs at least one flow, got none"):
        Worker([], database_url=URL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"concurrency": 0}, "concurrency is 0, expected at least 1"),
        (
            {"executor": "fibre"},
            "executor is 'fibre', expected 'thread', 'process' or a concurrent.futures.Executor",
        ),
    ],
)
def test_an_argument_out_of_range_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Worker(echo, database_url=URL, **options)


def test_a_worker_that_is_told_no_database_says_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("PGFLOW_DATABASE_URL", "EDGE_WORKER_DB_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DatabaseUrlMissing, match="no database is named"):
        Worker(echo)


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({"database_url": "postgresql://app:se cret@host/shop"}, "given explicitly"),
        ({"database_url": URL, "direct_url": "postgresql://app:se%zzcret@host"}, "direct_url"),
    ],
)
def test_a_url_that_cannot_be_read_is_refused_and_not_quoted(
    options: dict[str, Any], source: str
) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        Worker(echo, **options)

    assert str(raised.value) == (
        f"the database URL ({source}) cannot be read. "
        "Expected postgresql://user:password@host:port/database"
    )


def test_a_direct_url_of_the_environment_that_cannot_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(DATABASE_URL_VARIABLE, URL)
    monkeypatch.setenv(DIRECT_URL_VARIABLE, "secret")

    with pytest.raises(
        DatabaseUnavailable, match=r"^the database URL \(PGFLOW_DIRECT_URL\) cannot"
    ):
        Worker(echo)


async def test_a_running_worker_cannot_be_started_again(bench: Workbench) -> None:
    async with bench.worker(echo) as worker:
        with pytest.raises(RuntimeError, match="the worker runs already"):
            await worker.start()


async def test_a_worker_that_does_not_run_has_no_tally(bench: Workbench) -> None:
    with pytest.raises(RuntimeError, match="the worker does not run"):
        assert bench.worker(echo).tally


async def test_workers_that_start_together_register_their_flow_once(bench: Workbench) -> None:
    workers = [bench.worker(echo) for _ in range(4)]

    await asyncio.gather(*(worker.start() for worker in workers))
    await asyncio.gather(*(worker.stop() for worker in workers))

    assert bench.engine.rows("select flow_slug from pgflow.flows") == [{"flow_slug": "echo"}]


async def test_a_flow_of_another_structure_is_refused_in_production(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_ENV", "production")
    bench.register(echo)
    changed = Flow("echo")
    changed.step(slug="other")(lambda: None)

    with pytest.raises(FlowConflict) as raised:
        await bench.worker(changed).start()

    assert "echo" in str(raised.value)
    assert raised.value.differences
