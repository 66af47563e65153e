"""What the tests of the worker have in their hands: a database, workers on it, runs to watch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pgflow.definition.compile import compile_flow
from pgflow.definition.flow import Flow
from pgflow.worker import Worker
from tests.support.engine import Engine, Row
from tests.support.eventually import eventually_async
from tests.support.jsonb import Json

ENDED = ("completed", "failed", "cancelled")


class Workbench:
    """Workers, runs and the SQL of one test's database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.engine = Engine.connect(dsn)
        self._defaults: dict[str, Any] = {}

    def worker(self, *flows: Flow[Any], **options: Any) -> Worker:
        return Worker(flows, database_url=self.dsn, **(self._defaults | options))

    def register(self, *flows: Flow[Any]) -> None:
        """Make flows known before a worker does."""
        for flow in flows:
            for statement in compile_flow(flow.shape()):
                self.engine.connection.execute(statement.encode())

    def start(self, flow: Flow[Any], run_input: Json = None) -> UUID:
        return self.engine.start(flow.slug, run_input)

    def start_many(self, flow: Flow[Any], count: int) -> None:
        self.engine.do(
            """select count(*) from pgflow.start_flows(
              %(slug)s, (select jsonb_agg(i) from generate_series(1, %(count)s::int) as i))""",
            slug=flow.slug,
            count=count,
        )

    async def ended(self, run_id: UUID) -> Row:
        """The run, when it has ended."""
        await self.sees(lambda: self.engine.run(run_id)["status"] in ENDED)
        return self.engine.run(run_id)

    async def all_ended(self) -> None:
        await self.sees(lambda: self.count("runs", "started") == 0)

    async def sees(self, look: Callable[[], object]) -> None:
        """Wait until a look at the database finds what is expected."""
        await eventually_async(lambda: asyncio.sleep(0, look()))

    def count(self, table: str, status: str) -> int:
        rows = self.engine.rows("select status from pgflow.runs" if table == "runs" else _TASKS)
        return sum(row["status"] == status for row in rows)

    def set_timeout(self, flow: Flow[Any], seconds: int) -> None:
        """Shorter than a flow may declare, so that a test need not wait for long."""
        self._defaults["compilation"] = "off"  # a worker would put the flow's own timeout back
        self.engine.do(
            "update pgflow.flows set opt_timeout = %(seconds)s where flow_slug = %(slug)s",
            slug=flow.slug,
            seconds=seconds,
        )

    def admit_connections(self, *, admitted: bool) -> None:
        """Let nobody in who is not connected yet, or everybody again."""
        name = sql.Identifier(self.engine.value("select current_database()"))
        change = sql.SQL("alter database {} allow_connections {}").format(name, admitted)
        elsewhere = make_conninfo(self.dsn, dbname="postgres")
        with psycopg.connect(elsewhere, autocommit=True) as connection:
            connection.execute(change)

    def terminate(self, purpose: str) -> int:
        """Break the workers' connections for this purpose, as a restart of the server would do."""
        return self.engine.value(
            """select count(pg_terminate_backend(pid)) from pg_stat_activity
            where datname = current_database() and application_name like %(name)s""",
            name=f"pgflow {purpose} %",
        )

    def close(self) -> None:
        self.engine.close()


_TASKS = "select status from pgflow.step_tasks"
