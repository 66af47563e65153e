"""Where handlers run: async ones on the event loop, sync ones in threads."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pgflow.worker.attempt import log_ids
from pgflow.worker.context import TaskContext
from pgflow.worker.executor import execute, execute_async
from pgflow.worker.mailbox import Mailbox
from pgflow.worker.outcome import UNCERTAIN, failed
from pgflow.worker.threads import Threads
from pgflow.worker.transactions import AsyncTransaction, SyncTransaction, TaskTransaction

if TYPE_CHECKING:
    from uuid import UUID

    from pgflow.definition.flow import Flow
    from pgflow.statements import TaskRow
    from pgflow.worker.attempt import Attempt
    from pgflow.worker.connections import TaskConnections
    from pgflow.worker.outcome import Outcome

logger = logging.getLogger("pgflow.worker.places")

Finish = Callable[["Attempt", "Outcome"], None]


class Place(Protocol):
    """Runs attempts."""

    def attach(self, finish: Finish) -> None:
        """Whom to tell, on the event loop, that a handler has ended."""
        ...

    def begin(self, attempt: Attempt) -> None: ...

    def cancel(self, attempt: Attempt) -> None:
        """Ask the handler to end."""
        ...

    def give_up(self, attempt: Attempt) -> bool:
        """Ask it to end, its time is up; True when its slot can be used again at once."""
        ...

    def close(self) -> None: ...


class LocalPlace(ABC):
    """What the places of this process have in common, and what handlers there find around them."""

    def __init__(
        self, worker_id: UUID, flows: Mapping[str, Flow[Any]], connections: TaskConnections
    ) -> None:
        self.worker_id = worker_id
        self._flows = flows
        self._connections = connections
        self._loop = asyncio.get_running_loop()

    def attach(self, finish: Finish) -> None:
        self._finish = finish

    @abstractmethod
    def flow_input(self, task: TaskRow, raw: str | None) -> Any: ...

    @abstractmethod
    def transaction(self, task: TaskRow) -> TaskTransaction: ...

    def _context(self, attempt: Attempt) -> TaskContext:
        left = attempt.deadline - self._loop.time()
        context = TaskContext(
            attempt.task,
            self,
            attempt.flow_input,
            expires_at=time.time() + left,
            keeps_error=attempt.trace is not None,
        )
        attempt.context = context
        return context

    def _decode_input(self, task: TaskRow, raw: str) -> Any:
        return self._flows[task.flow_slug].input_codec.decode_json(raw)


class LoopPlace(LocalPlace):
    """Runs each async handler in an asyncio task of its own."""

    def begin(self, attempt: Attempt) -> None:
        runner = self._loop.create_task(self._run(attempt))
        attempt.runner = runner
        runner.add_done_callback(partial(self._ended, attempt))

    def cancel(self, attempt: Attempt) -> None:
        if attempt.context is not None:
            attempt.context.cancel()
        # Nothing may interrupt a commit that is on its way.
        if attempt.runner is not None and not attempt.is_concluding:
            attempt.runner.cancel()

    def give_up(self, attempt: Attempt) -> bool:
        self.cancel(attempt)
        return False

    def close(self) -> None: ...

    def flow_input(self, task: TaskRow, raw: str | None) -> Awaitable[Any]:
        return self._flow_input(task, raw)

    def transaction(self, task: TaskRow) -> AsyncTransaction:
        lease = partial(self._connections.lease_async, _end_of(task))
        return AsyncTransaction(task, self.worker_id, lease)

    async def _flow_input(self, task: TaskRow, raw: str | None) -> Any:
        if raw is None:
            raw = await self._connections.flow_input_async(task.run_id, _end_of(task))
        return self._decode_input(task, raw)

    async def _run(self, attempt: Attempt) -> Outcome:
        began = self._loop.time()
        context = self._context(attempt)
        outcome = await execute_async(attempt.step, attempt.task, attempt.flow_input, context)
        attempt.seconds = self._loop.time() - began
        if isinstance(context.work, AsyncTransaction):
            attempt.is_concluding = True
            outcome = await context.work.conclude(outcome)
        return outcome

    def _ended(self, attempt: Attempt, runner: asyncio.Task[Outcome]) -> None:
        if runner.cancelled():
            self._finish(attempt, UNCERTAIN)
        elif (error := runner.exception()) is not None:
            self._finish(attempt, failed(error))
        else:
            self._finish(attempt, runner.result())


class ThreadPlace(LocalPlace):
    """Runs sync handlers in daemon threads.

    A thread cannot be ended from outside. One that works on after its time is given up and another
    takes its place, up to as many as there are slots; after that its slot stays occupied.
    """

    def __init__(
        self,
        worker_id: UUID,
        flows: Mapping[str, Flow[Any]],
        connections: TaskConnections,
        *,
        threads: int,
    ) -> None:
        super().__init__(worker_id, flows, connections)
        self._threads = Threads(threads, name="pgflow handler")
        self._replaceable = threads
        self._mailbox = Mailbox(self._receive)

    def begin(self, attempt: Attempt) -> None:
        # What is current here, such as a span, is current in the thread.
        current, context = copy_context(), self._context(attempt)
        self._threads.submit(lambda: current.run(self._run, attempt, context))

    def cancel(self, attempt: Attempt) -> None:
        if attempt.context is not None:
            attempt.context.cancel()

    def give_up(self, attempt: Attempt) -> bool:
        self.cancel(attempt)
        if self._replaceable == 0:
            logger.error(
                "a handler does not end after its time, and too many threads are lost that way: "
                "its slot is lost until it ends. Look at task.cancelled in long handlers",
                extra=log_ids(attempt.task),
            )
            return False
        logger.warning(
            "a handler does not end after its time: its thread is replaced by another. "
            "Look at task.cancelled in long handlers",
            extra=log_ids(attempt.task),
        )
        attempt.replaced = True
        self._replaceable -= 1
        self._threads.resize(by=1)
        return True

    def close(self) -> None:
        self._threads.close()

    def flow_input(self, task: TaskRow, raw: str | None) -> Any:
        if raw is None:
            raw = self._connections.flow_input(task.run_id, _end_of(task))
        return self._decode_input(task, raw)

    def transaction(self, task: TaskRow) -> SyncTransaction:
        lease = partial(self._connections.lease, _end_of(task))
        return SyncTransaction(task, self.worker_id, lease)

    def _run(self, attempt: Attempt, context: TaskContext) -> None:
        began = time.monotonic()
        try:
            outcome = execute(attempt.step, attempt.task, attempt.flow_input, context)
        except BaseException as error:  # noqa: BLE001 - an attempt without an outcome keeps its slot
            outcome = failed(error)
        attempt.seconds = time.monotonic() - began
        self._mailbox.post((attempt, outcome))

    def _receive(self, letter: tuple[Attempt, Outcome]) -> None:
        attempt, outcome = letter
        if attempt.replaced:
            self._replaceable += 1
            self._threads.resize(by=-1)
        self._finish(attempt, outcome)


def _end_of(task: TaskRow) -> float:
    """When an attempt that has begun is over for certain, by the clock."""
    return time.time() + task.timeout
