"""What becomes of a worker whose database user may not do everything."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.deployment.compilation import compile_at_start
from pgflow.deployment.policy import Action
from pgflow.errors import DeploymentError
from pgflow.roles import install_roles
from pgflow.testing import PgflowDatabase
from tests.deployment.flows import plain, tuned
from tests.support.engine import Engine


@pytest.fixture
def stranger(engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[str]:
    """The URL of a user without any right."""
    name = f"user_{uuid4().hex[:12]}"
    engine.do(sql.SQL("create role {} login").format(sql.Identifier(name)))
    yield make_conninfo(pgflow_database.dsn, user=name)
    engine.do(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.fixture
def worker(stranger: str, engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[str]:
    """The URL of a user that may work, and nothing else."""
    install_roles(pgflow_database.dsn)
    name = sql.Identifier(stranger.partition("user=")[2].split()[0])
    engine.do(sql.SQL("grant pgflow_worker to {}").format(name))
    yield stranger
    engine.do(sql.SQL("revoke pgflow_worker from {}").format(name))


async def test_a_user_without_any_right_is_told_so(stranger: str) -> None:
    with pytest.raises(DeploymentError, match="permission denied for schema pgflow"):
        await compile_at_start(stranger, [plain()])


async def test_a_user_that_may_work_verifies_flows(
    worker: str, pgflow_database: PgflowDatabase
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])

    ((registration),) = await compile_at_start(worker, [plain()])

    assert registration.action is Action.NOTHING


async def test_a_user_that_may_work_is_told_who_deploys_new_flows(worker: str) -> None:
    with pytest.raises(DeploymentError) as caught:
        await compile_at_start(worker, [plain()])

    assert str(caught.value) == (
        "Flow 'my_flow' does not exist, and this database user may not deploy it\n"
        "Action: Deploy it as the owner of the engine "
        f"(pgflow deploy {plain.__code__.co_filename})"
    )


async def test_a_user_that_may_work_is_told_who_deploys_new_options(
    worker: str, pgflow_database: PgflowDatabase
) -> None:
    await compile_at_start(pgflow_database.dsn, [plain()])

    with pytest.raises(DeploymentError, match="Flow 'my_flow' has changed, and this database us"):
        await compile_at_start(worker, [tuned()])
