"""Testing support for programs that use pgflow: real runs on a real PostgreSQL, without waiting.

The pytest plugin brings the fixture `pgflow_database`, a fresh database for each test.

    def test_order_is_started(pgflow_database: PgflowDatabase) -> None:
        run = pgflow_database.client.start("orders", {"id": 7})

        assert run.status == "started"
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgflow.testing.database import PgflowDatabase

__all__ = ["PgflowDatabase"]

# pytest imports this package wherever pgflow is installed: what is not asked for is not loaded.
HOMES = {"PgflowDatabase": "pgflow.testing.database"}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
