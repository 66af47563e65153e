"""One working life of a worker: from its registration to its last report."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import psycopg

from pgflow import statements
from pgflow.worker import registration
from pgflow.worker.alarm import Alarm
from pgflow.worker.attempt import Hand
from pgflow.worker.claims import Claims, Goal
from pgflow.worker.connections import TaskConnections, conninfo
from pgflow.worker.desk import Desk
from pgflow.worker.heartbeat import Heartbeat
from pgflow.worker.hunger import Hunger
from pgflow.worker.places import LoopPlace, Place, ThreadPlace
from pgflow.worker.processes import ExecutorPlace
from pgflow.worker.reports import Reports, Tally
from pgflow.worker.rotation import Rotation
from pgflow.worker.session import Session
from pgflow.worker.slots import Slots

if TYPE_CHECKING:
    from pgflow.config import Compilation
    from pgflow.flow import Flow
    from pgflow.worker.signals import Signals

logger = logging.getLogger("pgflow.worker")

# Time for the last reports when no handler is waited for any more (seconds).
FLUSH = 5.0
# Connections that handlers share for their transactions.
TASK_CONNECTIONS = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker was told when it was made.

    `direct_url`: where LISTEN and session locks work, in case the database URL leads to a pooler.
    """

    flows: Mapping[str, Flow[Any]]
    database_url: str = field(repr=False)
    direct_url: str | None = field(repr=False)
    name: str
    concurrency: int
    executor: Literal["thread", "process"] | Executor
    shutdown_timeout: float
    compilation: Compilation
    pooler: bool | None


class Shift:
    """Everything that lives from `begin` to `end`, made anew each time that a worker starts."""

    def __init__(self, settings: Settings, signals: Signals, goal: Goal) -> None:
        self.worker_id = uuid4()
        self._settings = settings
        self._hurry = asyncio.Event()
        self._ending = asyncio.Event()
        flows = settings.flows
        hand = Hand()
        alarm = Alarm()
        own = settings.direct_url or settings.database_url
        handlers = conninfo(settings.database_url, "handlers", settings.name)
        self._session = Session(
            conninfo(own, "claims", settings.name), purpose="claims", pooler=settings.pooler
        )
        self._second = Session(
            conninfo(own, "heartbeat", settings.name), purpose="heartbeat", pooler=settings.pooler
        )
        self._connections = TaskConnections(
            handlers, size=min(settings.concurrency, TASK_CONNECTIONS)
        )
        self._reports = Reports(hand, signals)
        self._slots = Slots(
            settings.concurrency,
            on_loop=LoopPlace(self.worker_id, flows, self._connections),
            elsewhere=self._place_of_sync_handlers(handlers),
            ended=self._reports.add,
            wake=alarm.ring,
        )
        self._claims = Claims(
            desk=Desk(
                worker_id=self.worker_id,
                flows=flows,
                session=self._session,
                hand=hand,
                reports=self._reports,
                slots=self._slots,
            ),
            rotation=Rotation(tuple(flows)),
            hunger=Hunger(self._session, tuple(flows)),
            slots=self._slots,
            signals=signals,
            alarm=alarm,
            goal=goal,
        )
        self._heartbeat = Heartbeat(
            worker_id=self.worker_id,
            name=settings.name,
            flow_slugs=tuple(flows),
            session=self._second,
            hand=hand,
            listener=self._claims,
            lose=self._slots.lose,
            deprecate=self._deprecate,
            signals=signals,
        )

    @property
    def tally(self) -> Tally:
        return self._reports.tally

    async def begin(self) -> None:
        """Connect, make sure that engine and flows are there, register, start the loops."""
        for flow in self._settings.flows.values():
            for step in flow.steps.values():
                step.prepare()
        await self._session.open()
        await registration.check_engine(self._session)
        await registration.register_flows(
            self._session, self._settings.flows.values(), compilation=self._settings.compilation
        )
        await self._second.open()
        await self._heartbeat.introduce()
        if self._second.is_pooled:
            logger.warning(
                "the database is reached through a transaction pooler, where nothing can be "
                "notified: looking for work every 100 ms. PGFLOW_DIRECT_URL may name a way past it"
            )
        self._heartbeat.start()
        self._claims.start()

    async def finished(self) -> None:
        """Wait until the loops end, or somebody asks for the end; raises what crashed one."""
        waits = [
            asyncio.ensure_future(one)
            for one in (self._claims.finished(), self._heartbeat.finished(), self._ending.wait())
        ]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in waits:
                one.cancel()

    def ask_to_end(self) -> None:
        """First time: drain. Second time: stop at once."""
        if self._ending.is_set():
            self._hurry.set()
        self._ending.set()

    async def end(self) -> None:
        """Drain: finish what runs, hand back the rest, report everything, say goodbye."""
        self._ending.set()
        self._slots.release_waiting()
        if not await self._drained(within=self._settings.shutdown_timeout):
            self._slots.release_all()
            self._hurry.clear()
            await self._drained(within=FLUSH)
        await self._claims.abandon()
        await self._heartbeat.stop()
        await self._slots.close(within=FLUSH)
        await self._say_goodbye()
        await self.disconnect()

    async def disconnect(self) -> None:
        await self._connections.close()
        await self._session.close()
        await self._second.close()

    async def _drained(self, *, within: float) -> bool:
        """Whether all that is in hand was reported in that time, unless somebody is in a hurry."""
        stopped = asyncio.ensure_future(self._claims.stop())
        hurried = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait(
            [stopped, hurried], timeout=within, return_when=asyncio.FIRST_COMPLETED
        )
        for one in (stopped, hurried):
            one.cancel()
        return stopped.done() and not stopped.cancelled()

    async def _say_goodbye(self) -> None:
        # Where this does not arrive, others find out by the missing heartbeat.
        with suppress(psycopg.Error):
            await self._session.run(statements.mark_worker_stopped(self.worker_id))

    def _deprecate(self) -> None:
        if not self._ending.is_set():
            logger.info("an operator asks this worker to drain")
            self._ending.set()

    def _place_of_sync_handlers(self, handlers: str) -> Place:
        settings = self._settings
        if settings.executor == "thread":
            return ThreadPlace(
                self.worker_id, settings.flows, self._connections, threads=settings.concurrency
            )
        return ExecutorPlace(
            self.worker_id,
            settings.flows,
            executor=None if settings.executor == "process" else settings.executor,
            processes=settings.concurrency,
            conninfo=handlers,
        )
