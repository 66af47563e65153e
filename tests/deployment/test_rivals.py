"""Three workers that start at the same moment: one changes the database, the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from pgflow.config import Compilation
from pgflow.definition.flow import Flow
from pgflow.deployment.compilation import compile_at_start
from pgflow.errors import FlowConflict
from pgflow.testing import PgflowDatabase
from pgflow.worker import Worker
from tests.deployment.flows import grown, plain, tuned
from tests.support.engine import Engine
from tests.support.eventually import eventually_async

THREE = 3


@contextmanager
def held_definition(engine: Engine) -> Generator[None]:
    """The lock of the flow's definition, held so that all rivals meet at it."""
    with engine.connection.transaction():
        engine.do("select pg_advisory_xact_lock(1, hashtext('my_flow'))")
        yield


async def at_once(engine: Engine, *rivals: Awaitable[Any]) -> list[Any]:
    """What becomes of rivals that wait for the same lock until all are there."""
    with held_definition(engine):
        going = [asyncio.ensure_future(rival) for rival in rivals]
        await eventually_async(lambda: asyncio.sleep(0, waiting(engine) == len(rivals)))
    return await asyncio.gather(*going, return_exceptions=True)


def waiting(engine: Engine) -> int:
    return engine.value(
        """select count(*) from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())"""
    )


def starts(dsn: str, flow: Flow[Any], compilation: Compilation) -> list[Awaitable[Any]]:
    return [compile_at_start(dsn, [flow], compilation=compilation) for _ in range(THREE)]


def actions(answers: list[Any]) -> list[str]:
    return sorted(registration.action for ((registration),) in answers)


@pytest.mark.parametrize("stage", ["local", "production"])
@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_one_creates_a_new_flow(
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
    compilation: Compilation,
    stage: str,
) -> None:
    monkeypatch.setenv("PGFLOW_ENV", stage)

    answers = await at_once(engine, *starts(pgflow_database.dsn, plain(), compilation))

    assert actions(answers) == ["create", "nothing", "nothing"]
    assert engine.value("select count(*) from pgflow.steps") == 2


@pytest.mark.parametrize("stage", ["local", "production"])
async def test_one_brings_new_options(
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])
    monkeypatch.setenv("PGFLOW_ENV", stage)

    answers = await at_once(engine, *starts(pgflow_database.dsn, tuned(), "phase2"))

    assert actions(answers) == ["nothing", "nothing", "update"]


async def test_one_drops_other_options_in_local_phase_1(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])

    answers = await at_once(engine, *starts(pgflow_database.dsn, tuned(), "phase1"))

    assert actions(answers) == ["nothing", "nothing", "recreate"]


@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_one_drops_another_structure_locally(
    engine: Engine, pgflow_database: PgflowDatabase, compilation: Compilation
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])
    engine.start("my_flow")

    answers = await at_once(engine, *starts(pgflow_database.dsn, grown(), compilation))

    assert actions(answers) == ["nothing", "nothing", "recreate"]
    assert engine.value("select count(*) from pgflow.steps") == 3


@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_all_are_refused_another_structure_in_production(
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
    compilation: Compilation,
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])
    run_id = engine.start("my_flow")
    monkeypatch.setenv("PGFLOW_ENV", "production")

    answers = await at_once(engine, *starts(pgflow_database.dsn, grown(), compilation))

    assert [type(answer) for answer in answers] == [FlowConflict] * THREE
    assert engine.run(run_id)["status"] == "started"


async def test_who_has_nothing_to_change_waits_for_nobody(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])

    with held_definition(engine):
        async with asyncio.timeout(60):
            answer = await compile_at_start(pgflow_database.dsn, [plain()])

    assert actions([answer]) == ["nothing"]


@pytest.mark.parametrize("stage", ["local", "production"])
@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_workers_that_start_together_all_work(
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
    compilation: Compilation,
    stage: str,
) -> None:
    monkeypatch.setenv("PGFLOW_ENV", stage)
    workers = [
        Worker(plain(), database_url=pgflow_database.dsn, compilation=compilation)
        for _ in range(THREE)
    ]

    answers = await at_once(engine, *(worker.start() for worker in workers))

    assert answers == [None] * THREE
    assert engine.value("select count(*) from pgflow.workers where stopped_at is null") == THREE
    run_id = engine.start("my_flow")
    await eventually_async(lambda: asyncio.sleep(0, engine.run(run_id)["status"] == "completed"))
    await asyncio.gather(*(worker.stop() for worker in workers))


async def test_a_worker_that_is_refused_claims_nothing(
    engine: Engine, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])
    run_id = engine.start("my_flow")
    monkeypatch.setenv("PGFLOW_ENV", "production")

    with pytest.raises(FlowConflict):
        await Worker(grown(), database_url=pgflow_database.dsn).start()

    assert engine.rows("select from pgflow.workers") == []
    assert engine.task(run_id, "fetch")["status"] == "queued"
