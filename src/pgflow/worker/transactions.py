"""`task.transaction()`: a handler's own writes and its completion, in one transaction.

The handler works on a connection of its own. When it has returned, the worker reports the outcome
on that same connection and commits: both become true together, or neither does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    suppress,
)
from typing import TYPE_CHECKING, Any

import psycopg

from pgflow import statements
from pgflow.worker.attempt import identity_of, log_ids, wire
from pgflow.worker.outcome import (
    COMMITTED,
    DROPPED,
    UNCERTAIN,
    Outcome,
    failed,
    refused_payload,
)
from pgflow.worker.setbacks import Setback, judge, reason

if TYPE_CHECKING:
    from uuid import UUID

    from pgflow.statements import Statement, TaskRow

logger = logging.getLogger("pgflow.worker.transactions")

Lease = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]
AsyncLease = Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]


class TransactionBlock:
    """One `with` or `async with` block: a savepoint in the task's transaction."""

    def __init__(self, transaction: TaskTransaction) -> None:
        self._transaction = transaction
        self._savepoint: Any = None

    def __enter__(self) -> psycopg.Connection[Any]:
        connection = self._transaction.open()
        self._savepoint = connection.transaction()
        self._savepoint.__enter__()
        return connection

    def __exit__(self, *failure: Any) -> bool | None:
        return self._savepoint.__exit__(*failure)

    async def __aenter__(self) -> psycopg.AsyncConnection[Any]:
        connection = await self._transaction.open_async()
        self._savepoint = connection.transaction()
        await self._savepoint.__aenter__()
        return connection

    async def __aexit__(self, *failure: Any) -> bool | None:
        return await self._savepoint.__aexit__(*failure)


class TaskTransaction:
    """The one transaction of a task: opened by its first block, ended after the handler."""

    def __init__(self, task: TaskRow, worker_id: UUID) -> None:
        self._task = task
        self._worker_id = worker_id

    def block(self) -> TransactionBlock:
        return TransactionBlock(self)

    def open(self) -> psycopg.Connection[Any]:
        message = "this handler is async. Use `async with task.transaction() as connection:`"
        raise TypeError(message)

    async def open_async(self) -> psycopg.AsyncConnection[Any]:
        message = "this handler is not async. Use `with task.transaction() as connection:`"
        raise TypeError(message)

    def _report(self, outcome: Outcome) -> Statement[TaskRow]:
        report = wire(identity_of(self._task), outcome)
        return statements.report_tasks(self._worker_id, f"[{report}]")

    def _refused(self) -> Outcome:
        logger.warning(
            "completion refused, the task is no longer ours: its transaction is rolled back",
            extra=log_ids(self._task),
        )
        return DROPPED

    def _not_committed(self, error: psycopg.Error) -> Outcome:
        logger.warning("transaction broken: %s", reason(error), extra=log_ids(self._task))
        return uncommitted(error)


class SyncTransaction(TaskTransaction):
    """Lives in the thread, or in the process, of a sync handler."""

    def __init__(self, task: TaskRow, worker_id: UUID, lease: Lease) -> None:
        super().__init__(task, worker_id)
        self._lease = lease
        self._stack: ExitStack | None = None

    def open(self) -> psycopg.Connection[Any]:
        if self._stack is None:
            self._stack = ExitStack()
            self._connection = self._stack.enter_context(self._lease())
            self._stack.enter_context(self._connection.transaction())
        return self._connection

    def conclude(self, outcome: Outcome) -> Outcome:
        """Commit or roll back; returns what is left to report."""
        if self._stack is None:
            return outcome
        if not outcome.may_commit:
            self._roll_back(self._stack)
            return outcome
        try:
            with self._stack:
                report = self._report(outcome)
                if self._connection.execute(report.sql, report.params).fetchall():
                    raise psycopg.Rollback
                return COMMITTED
        except psycopg.Error as error:
            return self._not_committed(error)
        return self._refused()

    def _roll_back(self, stack: ExitStack) -> None:
        with suppress(psycopg.Rollback, psycopg.Error), stack:
            raise psycopg.Rollback


class AsyncTransaction(TaskTransaction):
    """Lives in the event loop, beside an async handler."""

    def __init__(self, task: TaskRow, worker_id: UUID, lease: AsyncLease) -> None:
        super().__init__(task, worker_id)
        self._lease = lease
        self._stack: AsyncExitStack | None = None

    async def open_async(self) -> psycopg.AsyncConnection[Any]:
        if self._stack is None:
            self._stack = AsyncExitStack()
            self._connection = await self._stack.enter_async_context(self._lease())
            await self._stack.enter_async_context(self._connection.transaction())
        return self._connection

    async def conclude(self, outcome: Outcome) -> Outcome:
        """Commit or roll back; returns what is left to report."""
        if self._stack is None:
            return outcome
        if not outcome.may_commit:
            await self._roll_back(self._stack)
            return outcome
        try:
            async with self._stack:
                report = self._report(outcome)
                cursor = await self._connection.execute(report.sql, report.params)
                if await cursor.fetchall():
                    raise psycopg.Rollback
                return COMMITTED
        except psycopg.Error as error:
            return self._not_committed(error)
        return self._refused()

    async def _roll_back(self, stack: AsyncExitStack) -> None:
        with suppress(psycopg.Rollback, psycopg.Error):
            async with stack:
                raise psycopg.Rollback


def uncommitted(error: psycopg.Error) -> Outcome:
    """What to report when the transaction of a finished handler did not commit for certain.

    After a broken connection nobody knows. To report a completion would be wrong where the commit
    was lost: the handler's writes would be gone for good. To hand the task back is right both
    ways: where the commit came through, the task has ended and the database refuses.
    """
    match judge(error):
        case Setback.LOST | Setback.PASSING:
            return UNCERTAIN
        case Setback.PAYLOAD:
            return refused_payload(reason(error))
        case _:
            return failed(error)
