"""The worker as its user sees it: made once, run until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pgflow.conninfo import readable
from pgflow.definition.flow import Flow
from pgflow.embedded import running_url
from pgflow.environment import DIRECT_URL_VARIABLE, DatabaseUrl, find_database_url
from pgflow.errors import FlowDefinitionError
from pgflow.interrupts import obeying_signals
from pgflow.worker.claims import Goal
from pgflow.worker.loop import run
from pgflow.worker.meter import Meter
from pgflow.worker.shift import Settings, Shift
from pgflow.worker.signals import Signals

if TYPE_CHECKING:
    from pgflow.config import Compilation
    from pgflow.telemetry import Telemetry
    from pgflow.worker.reports import Tally

DEFAULT_CONCURRENCY = 32


class Worker:
    """Claims the tasks of its flows, runs their handlers and reports what became of them.

    `concurrency` handlers run at a time: async ones on the event loop, sync ones in threads, with
    `executor="process"` in so many processes, or in any `concurrent.futures.Executor`. `run` goes
    on until SIGTERM or SIGINT: then handlers get `shutdown_timeout` seconds to finish, and what is
    left goes back to the queue without costing an attempt.

    Flows that the database lacks are registered first, and those that changed as `compilation`
    ("phase1", "phase2", "off") says; None leaves that to PGFLOW_COMPILATION and `[tool.pgflow]`.

    Behind a transaction pooler nothing can be notified and the worker polls, unless `direct_url`
    (or PGFLOW_DIRECT_URL, beside a database URL from the environment) names a way past it. Whether
    there is a pooler is found out; `pooler` overrules that, for one in session mode for instance.

    With `telemetry`, a `pgflow.telemetry.Telemetry`, it writes traces and metrics.

        worker = Worker([greet_user, analyze_website], concurrency=64)
        worker.run_sync()
    """

    def __init__(
        self,
        flows: Flow[Any] | Iterable[Flow[Any]],
        *,
        database_url: str | None = None,
        concurrency: int | None = None,
        executor: Literal["thread", "process"] | Executor = "thread",
        shutdown_timeout: float = 30.0,
        compilation: Compilation | None = None,
        name: str | None = None,
        direct_url: str | None = None,
        pooler: bool | None = None,
        meter: Meter | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.signals = Signals()
        self.meter = meter or Meter()
        self._settings = Settings(
            flows=by_slug(flows),
            database_url=_found(database_url),
            direct_url=_way_past(direct_url, beside=database_url),
            name=name or f"{socket.gethostname()}:{os.getpid()}",
            concurrency=_concurrency(concurrency, executor),
            executor=_checked(executor),
            shutdown_timeout=shutdown_timeout,
            compilation=compilation,
            pooler=pooler,
            meter=self.meter,
            telemetry=telemetry,
        )
        self._shift: Shift | None = None
        self._worker_id: UUID | None = None

    @property
    def worker_id(self) -> UUID | None:
        """What the database knows it by: a new id each time that it starts, None before."""
        return self._worker_id

    @property
    def flows(self) -> Mapping[str, Flow[Any]]:
        """What it serves, by slug."""
        return self._settings.flows

    @property
    def database_url(self) -> str:
        """Where it works; the URL may hold a password."""
        return self._settings.database_url

    @property
    def tally(self) -> Tally:
        """What became of the attempts since it started."""
        return self._on_duty.tally

    async def run(self) -> None:
        """Work until SIGTERM, SIGINT, `stop`, or until an operator asks the worker to drain.

        A second signal stops at once. Raises what made it impossible to go on.
        """
        async with self:
            with obeying_signals(lambda _: self._on_duty.ask_to_end()):
                try:
                    await self._on_duty.finished()
                finally:
                    # Within reach of a second signal.
                    await self.stop()

    def run_sync(self) -> None:
        """`run`, for a program without an event loop of its own."""
        run(self.run())

    async def run_until_idle(
        self, *, limit: int | None = None, within: float | None = None
    ) -> Tally:
        """Work until nothing is left to do now, or `limit` tasks were claimed; tells how much.

        After `within` seconds it claims no more and hands back what has not begun; what has begun
        may end, for `shutdown_timeout` seconds. Retries and delayed steps that fall due later are
        left to a later call.
        """
        await self._start(Goal(quota=limit, until_idle=True))
        shift = self._on_duty
        loop = asyncio.get_running_loop()
        bell = None if within is None else loop.call_later(within, shift.ask_to_end)
        try:
            await shift.finished()
        finally:
            if bell is not None:
                bell.cancel()
            await self.stop()
        return shift.tally

    async def start(self) -> None:
        """Connect, register and begin to work in the background of the running event loop."""
        await self._start(Goal())

    async def stop(self) -> None:
        """Drain and end; nothing happens where nothing runs."""
        shift = self._shift
        if shift is not None:
            await shift.end()
            self._shift = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.stop()

    @property
    def _on_duty(self) -> Shift:
        if self._shift is None:
            message = "the worker does not run. Start it with `async with worker:`"
            raise RuntimeError(message)
        return self._shift

    async def _start(self, goal: Goal) -> None:
        if self._shift is not None:
            message = "the worker runs already"
            raise RuntimeError(message)
        self._shift = Shift(self._settings, self.signals, goal)
        try:
            await self._shift.begin()
        except BaseException:
            shift, self._shift = self._shift, None
            await shift.disconnect()
            raise
        self._worker_id = self._shift.worker_id


def _found(database_url: str | None) -> str:
    return readable(find_database_url(database_url, embedded=running_url)).value


def _way_past(direct_url: str | None, *, beside: str | None) -> str | None:
    if direct_url:
        return readable(DatabaseUrl(direct_url, "direct_url")).value
    # A database URL that was given in code may lead elsewhere than the environment thinks.
    said = os.environ.get(DIRECT_URL_VARIABLE) if beside is None else None
    return readable(DatabaseUrl(said, DIRECT_URL_VARIABLE)).value if said else None


def by_slug(flows: Flow[Any] | Iterable[Flow[Any]]) -> Mapping[str, Flow[Any]]:
    """The flows that a worker serves, each under its slug."""
    found: dict[str, Flow[Any]] = {}
    for flow in [flows] if isinstance(flows, Flow) else flows:
        if found.setdefault(flow.slug, flow) is not flow:
            message = (
                f"two flows of this worker have the slug '{flow.slug}'. "
                "Give one of them another slug, or serve them from two workers"
            )
            raise FlowDefinitionError(message)
    if not found:
        message = "a worker needs at least one flow, got none"
        raise FlowDefinitionError(message)
    return MappingProxyType(found)


def _concurrency(wanted: int | None, executor: object) -> int:
    """As many handlers as said; else many for threads, one per processor for processes."""
    if wanted is None:
        return (os.cpu_count() or 1) if executor == "process" else DEFAULT_CONCURRENCY
    if wanted < 1:
        message = f"concurrency is {wanted}, expected at least 1"
        raise ValueError(message)
    return wanted


def _checked(executor: object) -> Any:
    if executor in ("thread", "process") or isinstance(executor, Executor):
        return executor
    message = (
        f"executor is {executor!r}, expected 'thread', 'process' or a concurrent.futures.Executor"
    )
    raise ValueError(message)
