"""What the tests of waiting need: others that wait, and a view of what they have asked for."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import LiteralString
from uuid import UUID

from tests.support.engine import Engine
from tests.support.eventually import eventually

# A client's connections say who they are; the tests' own do not.
OURS: LiteralString = """select pid from pg_stat_activity
  where datname = current_database() and application_name = 'pgflow'"""


def is_watched(engine: Engine, run_id: UUID) -> bool:
    """Whether somebody has asked the database to be told of the run."""
    query = "select from pgflow.run_watches where run_id = %(id)s and expires_at > now()"
    return bool(engine.rows(query, id=run_id))


def until_watched(engine: Engine, *run_ids: UUID) -> None:
    eventually(lambda: all(is_watched(engine, run_id) for run_id in run_ids))


@contextmanager
def outage(engine: Engine) -> Generator[None]:
    """A database that ends every connection of a client and accepts no new one.

    The engine's own connection stays.
    """
    _accept_connections(engine, accept=False)
    break_connections(engine)
    try:
        yield
    finally:
        _accept_connections(engine, accept=True)


def _accept_connections(engine: Engine, *, accept: bool) -> None:
    # "alter database" refuses to lock out the database that it is sent to.
    engine.do(
        "update pg_database set datallowconn = %(accept)s where datname = current_database()",
        accept=accept,
    )


def connections(engine: Engine) -> int:
    """How many connections clients have to the database."""
    return len(engine.rows(OURS))


def break_connections(engine: Engine) -> None:
    """Do to the clients' connections what a restart of the server does."""
    engine.do(
        """select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'pgflow'"""
    )
    eventually(lambda: connections(engine) == 0)
