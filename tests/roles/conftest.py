from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.roles import install_roles
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine

Member = Callable[[str], str]


@pytest.fixture
def engine(pgflow_database: PgflowDatabase) -> Iterator[Engine]:
    """The owner's hand on the SQL of this test's database, in which the roles are made."""
    install_roles(pgflow_database.dsn)
    engine = Engine.connect(pgflow_database.dsn)
    yield engine
    engine.close()


@pytest.fixture
def member(engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[Member]:
    """Makes a user that has one of the roles and nothing else; gives its URL."""
    users: list[sql.Identifier] = []

    def make(role: str) -> str:
        user = f"user_{uuid4().hex[:12]}"
        users.append(sql.Identifier(user))
        engine.do(
            sql.SQL("create role {} login in role {}").format(users[-1], sql.Identifier(role))
        )
        return make_conninfo(pgflow_database.dsn, user=user)

    yield make
    for user in users:
        engine.do(sql.SQL("drop owned by {}").format(user))
        engine.do(sql.SQL("drop role {}").format(user))


@pytest.fixture
def plain_user(pgflow_database: PgflowDatabase) -> Iterator[str]:
    """The URL of a user without any right."""
    user = f"user_{uuid4().hex[:12]}"
    with psycopg.connect(pgflow_database.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(user)))
        yield make_conninfo(pgflow_database.dsn, user=user)
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(user)))
