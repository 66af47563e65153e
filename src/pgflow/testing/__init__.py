"""Testing support for programs that use pgflow: real runs on a real PostgreSQL, without waiting.

The pytest plugin brings the fixture `pgflow_database`, a fresh database for each test.

    def test_greeting(pgflow_database: PgflowDatabase) -> None:
        run = run_flow(greet_user, ALICE, database=pgflow_database)

        assert run.output == {"greeting": "Hello, Alice Smith!"}
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgflow.testing.database import PgflowDatabase
    from pgflow.testing.runs import run_flow, run_flow_async
    from pgflow.testing.tasks import task_context

__all__ = ["PgflowDatabase", "run_flow", "run_flow_async", "task_context"]

# pytest imports this package wherever pgflow is installed: what is not asked for is not loaded.
HOMES = {
    "PgflowDatabase": "pgflow.testing.database",
    "run_flow": "pgflow.testing.runs",
    "run_flow_async": "pgflow.testing.runs",
    "task_context": "pgflow.testing.tasks",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
