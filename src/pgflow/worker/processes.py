"""Sync handlers in other processes, or wherever a `concurrent.futures.Executor` leads."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import signal
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow

from pgflow.definition.codec import Codec
from pgflow.definition.step import Step
from pgflow.statements import TaskRow
from pgflow.worker.connections import read_flow_input
from pgflow.worker.context import TaskContext
from pgflow.worker.executor import execute
from pgflow.worker.mailbox import Mailbox
from pgflow.worker.outcome import UNCERTAIN, Outcome, failed
from pgflow.worker.transactions import SyncTransaction

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from pgflow.definition.flow import Flow
    from pgflow.worker.attempt import Attempt
    from pgflow.worker.places import Finish

logger = logging.getLogger("pgflow.worker.processes")

# The worker reports a timeout by itself; the handler is interrupted this much later (seconds).
RESPITE = 0.2
# The outcome of an attempt, and the seconds that its handler took.
Result = tuple[Outcome, float]
Carry = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Errand:
    """Everything that another process needs to know to work on a task.

    The step travels as a reference to the module that defines it. `carrier` brings the trace along.
    """

    step: Step[..., Any]
    task: TaskRow
    flow_input: str | None
    input_annotation: Any
    worker_id: UUID
    expires_at: float
    conninfo: str = field(repr=False)
    carrier: Mapping[str, str] | None = None
    # Whether the process is ours, so that its alarm clock may be set.
    is_interruptible: bool = False


class Elsewhere:
    """What a handler finds around it in another process."""

    def __init__(self, errand: Errand) -> None:
        self.worker_id = errand.worker_id
        self._errand = errand

    def flow_input(self, task: TaskRow, raw: str | None) -> Any:
        if raw is None:
            with self._connect() as connection:
                raw = read_flow_input(connection, task.run_id)
        codec: Codec[Any] = Codec(self._errand.input_annotation, subject="input of the flow")
        return codec.decode_json(raw)

    def transaction(self, task: TaskRow) -> SyncTransaction:
        return SyncTransaction(task, self.worker_id, self._connect)

    def _connect(self) -> psycopg.Connection[TupleRow]:
        # Not prepared: a transaction pooler may stand between, and one task does not repay it.
        return psycopg.connect(self._errand.conninfo, autocommit=True, prepare_threshold=None)


def run_errand(errand: Errand) -> Result:
    """Work on a task in the process where this is called; the outcome and how long it took."""
    began = time.monotonic()
    context = TaskContext(
        errand.task, Elsewhere(errand), errand.flow_input, expires_at=errand.expires_at
    )
    with _within_trace(errand), _alarm_clock(errand):
        outcome = execute(errand.step, errand.task, errand.flow_input, context)
    return outcome, time.monotonic() - began


def _within_trace(errand: Errand) -> AbstractContextManager[object]:
    if errand.carrier is None:
        return nullcontext()
    try:
        from pgflow.telemetry.traces import arrived

        return arrived(errand.carrier)
    except Exception as error:  # noqa: BLE001 - less may be installed there, or set up otherwise
        _complain(str(error))
        return nullcontext()


@cache
def _complain(problem: str) -> None:
    """Once in each process."""
    logger.warning("a trace did not arrive where the handler runs: %s", problem)


class TimeIsUp(BaseException):
    """Ends a handler in a process of ours when its time is up."""


@contextmanager
def _alarm_clock(errand: Errand) -> Generator[None]:
    if not errand.is_interruptible or not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGALRM, _ring)
    left = errand.expires_at - time.time() + RESPITE
    signal.setitimer(signal.ITIMER_REAL, max(left, RESPITE))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ring(*_: object) -> None:
    raise TimeIsUp


def own_processes(count: int) -> ProcessPoolExecutor:
    """A pool of processes that leave Ctrl-C to the worker; each starts when it is needed."""
    return ProcessPoolExecutor(
        count,
        # Not a fork: a fork of a process with threads may deadlock.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )


class ExecutorPlace:
    """Runs sync handlers in an executor. A pool of our own that breaks is replaced by a new one.

    `carry` says what brings the current trace to where a handler runs.
    """

    def __init__(
        self,
        worker_id: UUID,
        flows: Mapping[str, Flow[Any]],
        *,
        executor: Executor | None,
        processes: int,
        conninfo: str,
        carry: Carry | None = None,
    ) -> None:
        self._carry = carry
        self._worker_id = worker_id
        self._flows = flows
        self._processes = processes
        self._is_own = executor is None
        self._executor = executor or own_processes(processes)
        self._conninfo = conninfo
        self._mailbox = Mailbox(self._receive)

    def attach(self, finish: Finish) -> None:
        self._finish = finish

    def begin(self, attempt: Attempt) -> None:
        executor = self._executor
        try:
            future = executor.submit(run_errand, self._errand(attempt))
        except Exception as error:  # noqa: BLE001 - an executor may refuse in any way
            future = Future[Result]()
            future.set_exception(error)
        attempt.runner = future
        future.add_done_callback(lambda done: self._mailbox.post((attempt, done, executor)))

    def cancel(self, attempt: Attempt) -> None:
        if attempt.runner is not None:
            attempt.runner.cancel()

    def give_up(self, attempt: Attempt) -> bool:
        self.cancel(attempt)
        return False

    def close(self) -> None:
        if self._is_own:
            _end(self._executor)

    def _errand(self, attempt: Attempt) -> Errand:
        left = attempt.deadline - asyncio.get_running_loop().time()
        return Errand(
            step=attempt.step,
            task=attempt.task,
            flow_input=attempt.flow_input,
            input_annotation=self._flows[attempt.task.flow_slug].input_codec.annotation,
            worker_id=self._worker_id,
            expires_at=time.time() + left,
            conninfo=self._conninfo,
            carrier=self._carry() if self._carry else None,
            is_interruptible=self._is_own,
        )

    def _receive(self, letter: tuple[Attempt, Future[Result], Executor]) -> None:
        attempt, future, executor = letter
        if future.cancelled():
            self._finish(attempt, UNCERTAIN)
        elif (error := future.exception()) is None:
            outcome, attempt.seconds = future.result()
            self._finish(attempt, outcome)
        else:
            if isinstance(error, BrokenExecutor):
                self._replace(executor)
            self._finish(attempt, failed(error))

    def _replace(self, broken: Executor) -> None:
        """All attempts of a broken pool fail, for nobody knows whose fault it was."""
        if self._is_own and broken is self._executor:
            logger.error("a process ended while it ran a handler: the process pool is replaced")
            self._executor = own_processes(self._processes)
            _end(broken)


def _end(executor: Executor) -> None:
    # What still works there has been given up: to wait for it would keep this process from ending.
    # The executor has no public way to its processes before Python 3.14.
    processes: dict[int, BaseProcess] = getattr(executor, "_processes", None) or {}
    left = list(processes.values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in left:
        process.terminate()
