from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from pgflow.environment import ENVIRONMENT_VARIABLE, HOSTED_MARKERS
from pgflow.testing import PgflowDatabase
from pgflow.web.code import Code
from pgflow.web.playground import Playground
from tests.support.engine import Engine
from tests.support.greeter import register
from tests.support.imports import tidy_imports
from tests.web.api import Api, api_of

__all__ = ["tidy_imports"]

SHOP = Path(__file__).with_name("shop.py")


@pytest.fixture(autouse=True)
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tidy_imports: None) -> None:
    """A local environment, outside of any project."""
    for variable in (*HOSTED_MARKERS, ENVIRONMENT_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def code() -> Code:
    """The flow `shop`."""
    code = Code([str(SHOP)])
    assert code.load(), code.trouble
    return code


@pytest.fixture
def engine(pgflow_database: PgflowDatabase, code: Code) -> Iterator[Engine]:
    """A hand on the SQL of this test's database, in which `shop` is registered."""
    engine = Engine.connect(pgflow_database.dsn)
    register(engine, code.flows["shop"].flow)
    yield engine
    engine.close()


@pytest.fixture
async def site(
    engine: Engine, pgflow_database: PgflowDatabase, code: Code
) -> AsyncIterator[Playground]:
    """A playground that may do everything."""
    site = Playground(database_url=pgflow_database.dsn, code=code, allow_actions=True)
    yield site
    await site.close()


@pytest.fixture
async def api(site: Playground) -> AsyncIterator[Api]:
    """Its API, in the hands of somebody who knows the token."""
    async with api_of(site) as api:
        yield api


@pytest.fixture
def run_id(engine: Engine) -> UUID:
    """A run that has completed: a map of two, and a step whose condition was not met."""
    run_id = engine.start("shop", {"id": 7, "items": ["tea", "cup"]})
    engine.finish(run_id, "check", ["tea", "cup"])
    engine.finish(run_id, "pack", "packed tea", "packed cup")
    engine.finish(run_id, "ship", "2 parcels for order 7")
    return run_id
