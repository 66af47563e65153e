"""What a running handler can learn and ask: `current_task()`."""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from pgflow.errors import NoCurrentTask
from pgflow.worker.attempt import log_ids

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from uuid import UUID

    from pgflow.statements import TaskRow
    from pgflow.worker.transactions import TaskTransaction, TransactionBlock

_logger = logging.getLogger("pgflow.task")
_current: ContextVar[TaskContext] = ContextVar("pgflow.current_task")


class Surroundings(Protocol):
    """The place where handlers run: the event loop, a thread, another process, or a test."""

    @property
    def worker_id(self) -> UUID: ...

    def flow_input(self, task: TaskRow, raw: str | None) -> Any:
        """The decoded input of the task's run, raw where it is known; an awaitable on the loop."""
        ...

    def transaction(self, task: TaskRow) -> TaskTransaction: ...


class TaskContext:
    """The task that is being worked on, as its handler sees it.

    `attempt` counts from 1 to `max_attempts`.

        @orders.step()
        async def charge(order: Order) -> str:
            task = current_task()
            task.logger.info("charging")
            async with task.transaction() as connection:
                await connection.execute("insert into charges values (%s)", [task.run_id])
            return "charged"
    """

    __slots__ = (
        "_cancelled",
        "_expires_at",
        "_flow_input",
        "_surroundings",
        "_task",
        "error",
        "keeps_error",
        "work",
    )

    def __init__(
        self,
        task: TaskRow,
        surroundings: Surroundings,
        flow_input: str | None = None,
        *,
        expires_at: float,
        keeps_error: bool = False,
    ) -> None:
        self._task = task
        self._surroundings = surroundings
        self._flow_input = flow_input
        self._expires_at = expires_at
        self._cancelled = False
        self.work: TaskTransaction | None = None
        # Kept for somebody who takes it: with its traceback it holds this very object.
        self.keeps_error = keeps_error
        self.error: BaseException | None = None

    @property
    def run_id(self) -> UUID:
        return self._task.run_id

    @property
    def flow_slug(self) -> str:
        return self._task.flow_slug

    @property
    def step_slug(self) -> str:
        return self._task.step_slug

    @property
    def task_index(self) -> int:
        """The position of the element in a map step; 0 in a single step."""
        return self._task.task_index

    @property
    def attempt(self) -> int:
        return self._task.attempt

    @property
    def max_attempts(self) -> int:
        return self._task.max_attempts

    @property
    def deadline(self) -> datetime:
        """When the attempt times out."""
        return datetime.fromtimestamp(self._expires_at, UTC)

    @property
    def worker_id(self) -> UUID:
        return self._surroundings.worker_id

    @property
    def logger(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that puts run, step and attempt into `extra` of each record."""
        return _TaskLogger(_logger, log_ids(self._task))

    @property
    def cancelled(self) -> bool:
        """True when nobody waits for the result any more.

        The time is up, the run was cancelled or has failed, or the worker shuts down. An async
        handler is cancelled at that moment. A sync handler that takes long should look here now
        and then, and return. In another process only the deadline is seen.
        """
        return self._cancelled or time.time() >= self._expires_at

    def flow_input(self) -> Any:
        """The input that the run was started with; in an async handler, await it."""
        return self._surroundings.flow_input(self._task, self._flow_input)

    def transaction(self) -> TransactionBlock:
        """A connection whose work commits together with the completion of this task.

        If the completion is refused (the task was taken over, cancelled or timed out) or the
        handler fails, all of it rolls back. Each block is a savepoint in the one transaction of
        the task. `with` in a sync handler, `async with` in an async one.
        """
        if self.work is None:
            self.work = self._surroundings.transaction(self._task)
        return self.work.block()

    def cancel(self) -> None:
        """Say that the result is not wanted any more; for the worker and for tests."""
        self._cancelled = True


class _TaskLogger(logging.LoggerAdapter[logging.Logger]):
    """Adds the task's ids to the caller's own `extra` instead of replacing it."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


def current_task() -> TaskContext:
    """The task that the calling handler works on; raises `NoCurrentTask` outside of one.

    Works in threads and in coroutines that the handler starts.
    """
    context = _current.get(None)
    if context is None:
        message = (
            "there is no current task: current_task() was called outside a step handler. "
            "In a test, wrap the call in pgflow.testing.task_context(...)"
        )
        raise NoCurrentTask(message)
    return context


def enter(context: TaskContext) -> Token[TaskContext]:
    """Make it the current task of the calling thread or coroutine."""
    return _current.set(context)


def leave(token: Token[TaskContext]) -> None:
    _current.reset(token)
