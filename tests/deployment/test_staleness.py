"""Whether a worker that runs has older code than the one that is being compiled."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pgflow.deployment.staleness import check_workers
from pgflow.errors import DeploymentError
from pgflow.loading import FlowSource, load
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine

FLOW = "from pgflow import Flow\n{imports}\nmy_flow = Flow('my_flow')\n"
HOUR = 3600.0
NO_WORKER = "no worker of these flows runs, so there is none with older code"


pytestmark = pytest.mark.usefixtures("tidy_imports")


@pytest.fixture
def source(tmp_path: Path) -> FlowSource:
    """A flow in a file that was written an hour ago."""
    return written(tmp_path / "my_flow.py", FLOW.format(imports=""))


def written(path: Path, text: str, *, age: float = HOUR) -> FlowSource:
    write(path, text, age=age)
    return load(str(path))


def write(path: Path, text: str, *, age: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    touch(path, age=age)
    return path


def touch(path: Path, *, age: float) -> None:
    os.utime(path, (time.time() - age, time.time() - age))


def worker(
    engine: Engine, *, age: float, name: str = "my_flow-worker", flow: str = "my_flow"
) -> None:
    engine.do(
        """insert into pgflow.workers (worker_id, queue_name, function_name, flow_slugs, started_at)
        values (gen_random_uuid(), 'q', %(name)s, array[%(flow)s],
          now() - make_interval(secs => %(age)s))""",
        name=name,
        flow=flow,
        age=age,
    )


async def check(
    database: PgflowDatabase, source: FlowSource, name: str | None = None
) -> str | None:
    return await check_workers(database.dsn, source, name or source.worker_name)


async def test_a_worker_that_started_before_the_last_edit_is_stale(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=2 * HOUR)

    with pytest.raises(DeploymentError) as caught:
        await check(pgflow_database, source)

    assert str(caught.value) == (
        "Worker code changed since startup\nAction: Restart worker and retry"
    )


async def test_a_worker_that_started_after_the_last_edit_is_fresh(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=HOUR / 2)

    assert await check(pgflow_database, source) is None


async def test_the_oldest_of_several_workers_counts(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=HOUR / 2)
    worker(engine, age=2 * HOUR)

    with pytest.raises(DeploymentError, match="Worker code changed since startup"):
        await check(pgflow_database, source)


@pytest.mark.parametrize(
    "departure", ["stopped_at = now()", "last_heartbeat_at = now() - interval '1 minute'"]
)
async def test_a_worker_that_is_gone_does_not_count(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource, departure: str
) -> None:
    worker(engine, age=2 * HOUR)
    engine.connection.execute(f"update pgflow.workers set {departure}".encode())

    assert await check(pgflow_database, source) == NO_WORKER


async def test_a_worker_of_other_flows_does_not_count(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=2 * HOUR, flow="another")

    assert await check(pgflow_database, source) == NO_WORKER


async def test_the_worker_can_be_named(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=2 * HOUR, name="night_shift")

    with pytest.raises(DeploymentError, match="Worker code changed since startup"):
        await check(pgflow_database, source, "night_shift")


async def test_a_worker_of_another_name_is_told_where_it_is_stale(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=2 * HOUR, name="night_shift")
    worker(engine, age=HOUR / 2, name="day_shift")

    assert await check(pgflow_database, source) == (
        f"worker 'night_shift' serves {source.name} with older code. "
        "Restart it once the migration is applied"
    )


async def test_a_worker_of_another_name_may_be_fresh(
    pgflow_database: PgflowDatabase, engine: Engine, source: FlowSource
) -> None:
    worker(engine, age=HOUR / 2, name="day_shift")

    assert await check(pgflow_database, source) is None


async def test_an_edit_of_another_module_of_the_package_counts(
    pgflow_database: PgflowDatabase, engine: Engine, tmp_path: Path
) -> None:
    write(tmp_path / "shop" / "__init__.py", "", age=3 * HOUR)
    prices = write(tmp_path / "shop" / "prices.py", "PRICE = 1\n", age=3 * HOUR)
    importing = FLOW.format(imports="from shop.prices import PRICE")
    source = written(tmp_path / "shop" / "flows.py", importing, age=3 * HOUR)
    worker(engine, age=2 * HOUR, name="flows-worker")
    assert await check(pgflow_database, source) is None

    touch(prices, age=HOUR)

    with pytest.raises(DeploymentError, match="Worker code changed since startup"):
        await check(pgflow_database, source)


async def test_an_edit_of_a_module_beside_a_lonely_file_counts(
    pgflow_database: PgflowDatabase, engine: Engine, tmp_path: Path
) -> None:
    prices = write(tmp_path / "lonely_prices.py", "PRICE = 1\n", age=3 * HOUR)
    importing = FLOW.format(imports="from lonely_prices import PRICE")
    source = written(tmp_path / "lonely.py", importing, age=3 * HOUR)
    worker(engine, age=2 * HOUR, name="lonely-worker")
    assert await check(pgflow_database, source) is None

    touch(prices, age=HOUR)

    with pytest.raises(DeploymentError, match="Worker code changed since startup"):
        await check(pgflow_database, source)


async def test_without_a_database_it_goes_on_with_a_note(source: FlowSource) -> None:
    note = await check_workers("postgresql://127.0.0.1:1/nowhere", source, "my_flow-worker")

    assert note == (
        "the database cannot be reached, so running workers were not compared with the code"
    )


async def test_without_an_engine_it_goes_on_with_a_note(
    source: FlowSource, empty_database: str
) -> None:
    note = await check_workers(empty_database, source, "my_flow-worker")

    assert note is not None
