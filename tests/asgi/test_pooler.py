"""Batches behind pgbouncer in transaction mode, which keeps no session together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pgflow.asgi import cron_worker
from pgflow.testing.server import quick_place
from tests.asgi.flows import chain, double
from tests.support import pooler
from tests.support.http import served
from tests.worker.workbench import Workbench


@pytest.fixture
def pooled(bench: Workbench) -> Iterator[str]:
    """The same database through the pooler."""
    if not pooler.is_there():
        pytest.skip("pgbouncer is not installed")
    with TemporaryDirectory(prefix="pooler-", dir=quick_place()) as directory:
        Path(directory).chmod(0o755)
        with pooler.pooler_to(bench.dsn, Path(directory)) as url:
            yield url


async def test_batches_are_worked_on_behind_a_pooler(bench: Workbench, pooled: str) -> None:
    bench.register(double, chain)
    bench.start_many(double, 20)
    bench.start_many(chain, 5)

    async with served(cron_worker([double, chain], database_url=pooled)) as client:
        orders = [{"flow_slug": "double"}] * 3 + [{"flow_slug": "chain"}] * 2
        answers = await asyncio.gather(*(client.post("/", json=order) for order in orders))
        health = await client.get("/health")
        metrics = await client.get("/metrics")

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["completed"] for answer in answers) == 30
    assert bench.count("runs", "completed") == 25
    assert health.json() == {"status": "ok", "database": "ok"}
    assert 'pgflow_queue_depth{flow="double"} 0' in metrics.text
