"""Everything works behind pgbouncer in transaction mode, which keeps no session together."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from pgflow import Client
from pgflow.demo.greet_user import Person, greet_user
from pgflow.testing import PgflowDatabase
from pgflow.worker import Worker
from tests.support import pooler
from tests.support.dying import until_silence_counts
from tests.support.engine import Engine
from tests.support.eventually import eventually, eventually_async
from tests.support.fault_flows import quick
from tests.support.orders import orders_at, settle
from tests.support.recoveries import FLOWS, holder_of, output_of, second_attempts
from tests.support.worker_process import Crew, WorkerProcess

ALICE: Person = {"first_name": "Alice", "last_name": "Smith"}
# Said once, as a warning.
FALLBACK = (
    "the database is reached through a transaction pooler, where nothing can be notified: "
    "looking for work every 100 ms. PGFLOW_DIRECT_URL may name a way past it"
)


@pytest.fixture
def pooled(engine: Engine, pgflow_database: PgflowDatabase, place: Path) -> Iterator[str]:
    """The same database through the pooler."""
    if not pooler.is_there():
        pytest.skip("pgbouncer is not installed")
    with pooler.pooler_to(pgflow_database.dsn, place) as url:
        yield url


async def test_a_worker_and_a_client_behind_a_pooler_do_all_their_work(pooled: str) -> None:
    async with Worker([greet_user], database_url=pooled):
        with Client(pooled) as client:
            runs = client.start_many(greet_user, [ALICE] * 50)
            outputs = [await asyncio.to_thread(run.wait, timeout=60) for run in runs]

    assert outputs == [{"greeting": "Hello, Alice Smith!"}] * 50


async def test_the_fallback_is_said_once(pooled: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "pgflow"):
        async with Worker([greet_user], database_url=pooled) as worker:
            await worker.signals.idle.reaches(5)

    assert [text for text in caplog.messages if "pooler" in text] == [FALLBACK]


async def test_with_a_way_past_the_pooler_nothing_falls_back(
    pooled: str, pgflow_database: PgflowDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    direct = pgflow_database.dsn
    async with Worker([greet_user], database_url=pooled, direct_url=direct) as worker:
        await worker.signals.listening.reaches(1)
        await worker.signals.idle.reaches(1)
        with Client(pooled) as client:
            run = client.start(greet_user, ALICE)
            output = await asyncio.to_thread(run.wait, timeout=60)

    assert output == {"greeting": "Hello, Alice Smith!"}
    assert FALLBACK not in caplog.messages


async def test_a_worker_behind_a_pooler_leaves_nothing_behind_in_sessions(
    engine: Engine, pooled: str
) -> None:
    """Session locks and prepared statements would be met by whoever gets the connection next."""
    async with Worker([quick], database_url=pooled, concurrency=4):
        run_id = engine.start("quick", [1, 2, 3])
        await asyncio.to_thread(output_of, engine, run_id)
        with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as neighbour:
            prepared = neighbour.execute("select name from pg_prepared_statements").fetchall()
        # Transactions have locks as well, and give them back.
        await eventually_async(lambda: asyncio.sleep(0, not engine.rows(_ADVISORY_LOCKS)))

    assert prepared == []


_ADVISORY_LOCKS = """select l.objid from pg_locks l join pg_database d on d.oid = l.database
  where l.locktype = 'advisory' and d.datname = current_database()"""


@pytest.mark.slow
def test_a_stream_of_runs_through_a_pooler_completes_and_no_effect_is_doubled(
    engine: Engine, crew: Crew, pooled: str
) -> None:
    workers = [_joined(engine, crew, pooled) for _ in range(2)]

    with orders_at(pooled) as orders:
        for _ in range(5):
            orders.until_more(5)
            _terminate_server_connections(engine)

    settle(engine, orders)
    assert all("prepared statement" not in worker.output for worker in workers)


@pytest.mark.slow
def test_the_tasks_of_a_worker_killed_behind_a_pooler_run_elsewhere_within_fifteen_seconds(
    engine: Engine, crew: Crew, pooled: str
) -> None:
    killed = _joined(engine, crew, pooled)
    until_silence_counts(engine)
    run_id = engine.start("stuck", [{"stuck": 1}])
    holder_of(engine, [killed], run_id)
    _joined(engine, crew, pooled)

    killed_at = datetime.now(UTC)
    killed.kill()
    delay = (max(second_attempts(engine, run_id)) - killed_at).total_seconds()

    assert 5 < delay < 25


@pytest.mark.slow
def test_the_demo_runs_behind_a_pooler(pooled: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pgflow", "demo", "--url", pooled],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def _joined(engine: Engine, crew: Crew, url: str) -> WorkerProcess:
    """A worker process that has shown its first sign of life."""
    worker = crew(FLOWS, database_url=url, concurrency=4, shutdown_timeout=1)
    query = "select from pgflow.workers where function_name = %(name)s"
    eventually(lambda: engine.rows(query, name=worker.name), within=60)
    return worker


def _terminate_server_connections(engine: Engine) -> None:
    engine.do(
        """select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()"""
    )
