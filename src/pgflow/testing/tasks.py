"""A current task for handlers that are called without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg

from pgflow.statements import TaskRow
from pgflow.worker.context import TaskContext, enter, leave
from pgflow.worker.transactions import TaskTransaction

Connection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]


@contextmanager
def task_context(
    *,
    flow_slug: str = "flow",
    step_slug: str = "step",
    run_id: UUID | None = None,
    task_index: int = 0,
    attempt: int = 1,
    max_attempts: int = 3,
    timeout: int = 60,
    flow_input: Any = None,
    connection: Connection | None = None,
) -> Generator[TaskContext]:
    """Within the block, `current_task()` is a task like this one.

    `task.transaction()` gives the `connection` of the test, which decides whether to commit.

    Example:
        def test_charge(connection):
            with task_context(attempt=2, connection=connection):
                assert charge({"id": 7}) == "charged again"
    """
    task = TaskRow(
        flow_slug=flow_slug,
        run_id=run_id or uuid4(),
        step_slug=step_slug,
        input=None,
        msg_id=0,
        task_index=task_index,
        flow_input=None,
        attempt=attempt,
        max_attempts=max_attempts,
        timeout=timeout,
    )
    context = TaskContext(task, _Test(flow_input, connection), expires_at=time.time() + timeout)
    token = enter(context)
    try:
        yield context
    finally:
        leave(token)


class _Test:
    """What a handler finds around it in a test."""

    def __init__(self, flow_input: Any, connection: Connection | None) -> None:
        self.worker_id = uuid4()
        self._flow_input = flow_input
        self._connection = connection

    def flow_input(self, task: TaskRow, raw: str | None) -> Any:  # noqa: ARG002  made up above
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._flow_input
        answer = loop.create_future()
        answer.set_result(self._flow_input)
        return answer

    def transaction(self, task: TaskRow) -> TaskTransaction:
        return _TestTransaction(task, self.worker_id, self._connection)


class _TestTransaction(TaskTransaction):
    """The transaction of the test itself."""

    def __init__(self, task: TaskRow, worker_id: UUID, connection: Connection | None) -> None:
        super().__init__(task, worker_id)
        self._connection = connection

    def open(self) -> psycopg.Connection[Any]:
        if not isinstance(self._connection, psycopg.Connection):
            raise self._wanting("psycopg.Connection")
        return self._connection

    async def open_async(self) -> psycopg.AsyncConnection[Any]:
        if not isinstance(self._connection, psycopg.AsyncConnection):
            raise self._wanting("psycopg.AsyncConnection")
        return self._connection

    def _wanting(self, kind: str) -> TypeError:
        given = type(self._connection).__name__ if self._connection else "none"
        return TypeError(
            f"the handler asked for a transaction, and task_context was given {given}. "
            f"Pass it connection=<a {kind}>"
        )
