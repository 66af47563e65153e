"""The password of the database URL is in no log record, no error and no repr, whatever breaks."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest
from psycopg.conninfo import conninfo_to_dict

from pgflow import Client
from pgflow.errors import DatabaseUnavailable
from pgflow.testing import PgflowDatabase
from pgflow.worker import Worker
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.support.fault_flows import again, quick
from tests.support.faulty_proxy import FaultyProxy, proxy_to

PASSWORD = "s3cret:p@ss/w%rd"
QUOTED = "s3cret%3Ap%40ss%2Fw%25rd"


@pytest.fixture
def proxy(engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[FaultyProxy]:
    with proxy_to(pgflow_database.dsn) as proxy:
        yield proxy


def urls(proxy: FaultyProxy) -> list[str]:
    """The same database in both notations, with a password that this server does not ask for."""
    where = conninfo_to_dict(proxy.url)
    return [
        f"{proxy.url} password='{PASSWORD}'",
        f"postgresql://postgres:{QUOTED}@{where['host']}:{where['port']}/{where['dbname']}",
    ]


@pytest.mark.parametrize("notation", [0, 1], ids=["words", "url"])
async def test_a_worker_that_loses_its_connections_tells_no_password(
    engine: Engine, proxy: FaultyProxy, caplog: pytest.LogCaptureFixture, notation: int
) -> None:
    url = urls(proxy)[notation]
    with caplog.at_level(logging.DEBUG):
        async with Worker([quick, again], database_url=url) as worker:
            await worker.signals.idle.reaches(1)
            proxy.refuse()
            proxy.cut()
            await _until_told(caplog)
            proxy.refuse(refuses=False)
            await worker.signals.reconnected.reaches(1)
            told = repr(worker) + repr(vars(worker))

    _assert_no_password(caplog.text, told)


@pytest.mark.parametrize("notation", [0, 1], ids=["words", "url"])
def test_a_client_that_finds_nobody_tells_no_password(
    proxy: FaultyProxy, caplog: pytest.LogCaptureFixture, notation: int
) -> None:
    proxy.refuse()
    with caplog.at_level(logging.DEBUG), Client(urls(proxy)[notation]) as client:
        with pytest.raises(DatabaseUnavailable) as raised:
            client.start("quick", [1])
        told = repr(client) + repr(vars(client))

    _assert_no_password(caplog.text, told, *traceback.format_exception(raised.value))


async def _until_told(caplog: pytest.LogCaptureFixture) -> None:
    """Wait until the worker has said that it cannot connect."""

    async def look() -> bool:
        return any(record.name == "pgflow.worker.outage" for record in caplog.records)

    await eventually_async(look)


def _assert_no_password(*told: str) -> None:
    for text in told:
        assert "s3cret" not in text
