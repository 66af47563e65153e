"""The whole chain: pg_cron, HTTP, a one-batch worker, a run that completes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pgflow.asgi import cron_worker
from pgflow.testing.server import quick_place
from tests.asgi.flows import chain
from tests.support import pooler
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.support.greeter import register
from tests.support.http import served

# pg_cron begins its jobs at the full minute.
A_MINUTE = 75


def command(url: str, *arguments: str) -> str:
    answer = CommandLine().attempt("cron", *arguments, "--database-url", url)
    return answer.output + answer.errors


def test_an_old_pg_cron_says_what_it_lacks(engine: Engine, cron_url: str) -> None:
    if not engine.value("select pgflow._pg_cron_version() < array[1, 5]"):
        pytest.skip("this pg_cron knows seconds")

    said = command(cron_url, "start", "chain", "--url", "http://localhost/")

    assert said == (
        "Error: pg_cron 1.4 knows no seconds. "
        "Update it to 1.5 or newer, or let the job run every minute\n"
    )
    assert engine.rows("select from cron.job") == []


def test_a_real_pg_cron_takes_and_gives_up_the_jobs(engine: Engine, cron_url: str) -> None:
    register(engine, chain)
    where = ("--url", "http://localhost/", "--every", "1 minute")

    said = [
        command(cron_url, "start", "chain", *where),
        command(cron_url, "start", "chain", *where),
        command(cron_url, "schedule", "chain", "--cron", "0 6 * * *", "--input", "7"),
        command(cron_url, "schedule", "chain", "--cron", "when it rains"),
    ]
    jobs = [row["jobname"] for row in engine.rows("select jobname from cron.job order by 1")]
    command(cron_url, "stop", "chain")
    command(cron_url, "schedule", "chain", "--remove")

    assert "Job pgflow-chain-worker asks http://localhost/ for up to 10 tasks: * * * * *" in said[1]
    assert "pg_cron does not take the schedule 'when it rains'" in said[3]
    assert jobs == ["pgflow-chain-schedule", "pgflow-chain-worker", "pgflow_cleanup_logs"]
    assert [row["jobname"] for row in engine.rows("select jobname from cron.job")] == [jobs[2]]


async def test_the_database_tries_a_worker(engine: Engine, cron_url: str) -> None:
    engine.do("alter database postgres set pgflow.auth_secret = 's3cret'")
    app = cron_worker(chain, database_url=cron_url, auth_secret="s3cret")

    async with served(app) as client:
        url = str(client.base_url)
        said = await asyncio.to_thread(command, cron_url, "test", "chain", "--url", url)
        engine.do("alter database postgres set pgflow.auth_secret = 'wrong'")
        refused = await asyncio.to_thread(command, cron_url, "test", "chain", "--url", url)

    assert '"status":"completed","flow_slug":"chain"' in said
    assert "answered with 401" in refused


@pytest.fixture
def pooled(cron_url: str) -> Iterator[str]:
    """The same database through pgbouncer in transaction mode."""
    if not pooler.is_there():
        pytest.skip("pgbouncer is not installed")
    with TemporaryDirectory(prefix="pooler-", dir=quick_place()) as directory:
        Path(directory).chmod(0o755)
        with pooler.pooler_to(cron_url, Path(directory)) as url:
            yield url


async def test_the_chain_holds_with_a_worker_behind_a_pooler(
    engine: Engine, cron_url: str, pooled: str
) -> None:
    register(engine, chain)
    run_id = engine.start("chain", 1)

    async with served(cron_worker(chain, database_url=pooled)) as client:
        where = ("test", "chain", "--url", str(client.base_url))
        said = await asyncio.to_thread(command, cron_url, *where)

    assert '"completed":2' in said
    assert engine.run(run_id)["output"] == {"second": 3}


@pytest.mark.slow
async def test_pg_cron_has_a_worker_complete_a_run(engine: Engine, cron_url: str) -> None:
    engine.do("alter database postgres set pgflow.auth_secret = 's3cret'")
    register(engine, chain)
    run_id = engine.start("chain", 1)
    app = cron_worker(chain, database_url=cron_url, auth_secret="s3cret")

    async with served(app) as client:
        where = ("--url", str(client.base_url), "--every", "1 minute")
        await asyncio.to_thread(command, cron_url, "start", "chain", *where)
        await eventually_async(
            lambda: asyncio.sleep(0, engine.run(run_id)["status"] == "completed"), within=A_MINUTE
        )
        await eventually_async(
            lambda: asyncio.sleep(0, engine.rows("select from net._http_response"))
        )
        told = await asyncio.to_thread(command, cron_url, "status", "chain")

    command(cron_url, "stop", "chain")
    assert engine.run(run_id)["output"] == {"second": 3}
    assert "pgflow-chain-worker" in told
    assert '"status":"completed","flow_slug":"chain"' in told
    assert "s3cret" not in engine.value("select string_agg(command, ' ') || '' from cron.job")
