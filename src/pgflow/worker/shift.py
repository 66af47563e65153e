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
from pgflow.client.failures import forbidden
from pgflow.deployment.compilation import compile_at_start
from pgflow.environment import redact
from pgflow.worker import registration
from pgflow.worker.alarm import Alarm
from pgflow.worker.attempt import Hand
from pgflow.worker.claims import Claims, Goal
from pgflow.worker.collector import Collector
from pgflow.worker.connections import TaskConnections, conninfo
from pgflow.worker.desk import Desk
from pgflow.worker.heartbeat import Heartbeat
from pgflow.worker.hunger import Hunger
from pgflow.worker.meter import Meter, Observer
from pgflow.worker.outage import Outage
from pgflow.worker.places import LoopPlace, Place, ThreadPlace
from pgflow.worker.processes import ExecutorPlace
from pgflow.worker.relief import Relief
from pgflow.worker.reports import Reports, Tally
from pgflow.worker.rotation import Rotation
from pgflow.worker.session import Session
from pgflow.worker.slots import Slots
from pgflow.worker.tracing import RunTraces, TracedMeter, TracedPlace

if TYPE_CHECKING:
    from pgflow.config import Compilation
    from pgflow.definition.flow import Flow
    from pgflow.telemetry import Telemetry
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
    compilation: Compilation | None
    pooler: bool | None
    meter: Meter = field(default_factory=Meter)
    telemetry: Telemetry | None = None


class Shift:
    """Everything that lives from `begin` to `end`, made anew each time that a worker starts."""

    def __init__(self, settings: Settings, signals: Signals, goal: Goal) -> None:
        self.worker_id = uuid4()
        self._settings = settings
        self._signals = signals
        self._flow_slugs = tuple(settings.flows)
        # Batches come by the thousand: what is the same for each of them is not worth a line.
        self._no_news = logging.DEBUG if goal.until_idle else logging.INFO
        self._ending = asyncio.Event()
        self._hurry = asyncio.Event()
        self._farewell: asyncio.Task[None] | None = None
        self._alarm = Alarm()
        self._hand = Hand()
        self._outage = Outage()
        self._collector = self._make_collector()
        self._meter = self._make_meter()
        self._reports = Reports(self._hand, signals, self._meter)
        self._session = self._make_session("claims")
        self._second = self._make_session("heartbeat")
        self._connections = self._make_connections()
        self._slots = self._make_slots()
        self._claims = self._make_claims(goal)
        self._relief = self._make_relief()
        self._heartbeat = self._make_heartbeat()

    @property
    def tally(self) -> Tally:
        return self._reports.tally

    async def begin(self) -> None:
        """Connect, make sure that engine and flows are there, register, start the loops."""
        self._prepare_steps()
        try:
            await self._register()
        except psycopg.errors.InsufficientPrivilege as error:
            raise forbidden(error) from error
        self._start_loops()

    async def _register(self) -> None:
        await self._session.open()
        await registration.check_engine(self._session)
        await compile_at_start(
            self._settings.database_url,
            self._settings.flows.values(),
            compilation=self._settings.compilation,
            no_news=self._no_news,
        )
        await self._second.open()
        await self._heartbeat.introduce()
        if self._second.is_pooled:
            logger.warning(
                "the database is reached through a transaction pooler, where nothing can be "
                "notified: looking for work every 100 ms. PGFLOW_DIRECT_URL may name a way past it"
            )
        self._tell_where()

    def _start_loops(self) -> None:
        self._meter.enlist(self._slots)
        self._heartbeat.start()
        self._claims.start()
        self._relief.start()
        if self._collector is not None:
            self._collector.start()

    async def finished(self) -> None:
        """Wait until the loops end, or somebody asks for the end; raises what crashed one."""
        loops = (self._claims, self._relief, self._heartbeat)
        waits = [
            asyncio.ensure_future(one)
            for one in (*(loop.finished() for loop in loops), self._ending.wait())
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
        if self._farewell is None:
            self._farewell = asyncio.create_task(self._end())
        await asyncio.shield(self._farewell)

    async def _end(self) -> None:
        try:
            await self._wind_up()
        finally:
            # Also where the event loop ends before the worker is ready for it.
            await self.disconnect()

    async def _wind_up(self) -> None:
        self._ending.set()
        self._claims.drain()
        self._slots.take_no_more()
        await self._wait_for_the_claims(self._settings.shutdown_timeout, unless=self._hurry)
        self._slots.release_all()
        await self._wait_for_the_claims(FLUSH)
        await self._claims.abandon()
        await self._relief.abandon()
        self._reports.abandon()
        await self._heartbeat.stop()
        await self._slots.close(within=FLUSH)
        await self._collect_the_rest()
        # Others look after a worker that falls silent, but not after one that has said goodbye.
        if not self._claims.leaves_something:
            await self._say_goodbye()

    async def disconnect(self) -> None:
        self._meter.dismiss(self._slots)
        self._connections.close()
        await self._session.close()
        await self._second.close()
        await self._relief.disconnect()
        if self._collector is not None:
            await self._collector.disconnect()

    async def _wait_for_the_claims(
        self, seconds: float, *, unless: asyncio.Event | None = None
    ) -> None:
        """Until all that is in hand was reported, at most so long, unless there is a hurry."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._claims.stop())]
        if unless is not None:
            waits.append(asyncio.ensure_future(unless.wait()))
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()

    async def _collect_the_rest(self) -> None:
        """The spans of what was reported last; where that takes long, others do it."""
        if self._collector is None:
            return
        try:
            await asyncio.wait_for(self._collector.stop(), FLUSH)
        except TimeoutError:
            await self._collector.abandon()

    async def _say_goodbye(self) -> None:
        # Where this does not arrive, others find out by the missing heartbeat.
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(FLUSH):
                await self._session.run(statements.mark_worker_stopped(self.worker_id))

    def _tell_where(self) -> None:
        logger.log(
            self._no_news,
            "worker '%s' serves %s on %s",
            self._settings.name,
            ", ".join(self._flow_slugs),
            redact(self._settings.database_url),
        )

    def _prepare_steps(self) -> None:
        """What decodes and encodes is built now, not while the first tasks wait."""
        for flow in self._settings.flows.values():
            for step in flow.steps.values():
                step.prepare()

    def _deprecate(self) -> None:
        if not self._ending.is_set():
            logger.info("an operator asks this worker to drain")
            self._ending.set()

    def _make_session(self, purpose: str) -> Session:
        settings = self._settings
        url = settings.direct_url or settings.database_url
        where = conninfo(url, purpose, settings.name)
        return Session(where, purpose=purpose, pooler=settings.pooler, outage=self._outage)

    def _make_connections(self) -> TaskConnections:
        settings = self._settings
        where = conninfo(settings.database_url, "handlers", settings.name)
        return TaskConnections(where, size=min(settings.concurrency, TASK_CONNECTIONS))

    def _make_slots(self) -> Slots:
        return Slots(
            self._settings.concurrency,
            on_loop=self._traced(
                LoopPlace(self.worker_id, self._settings.flows, self._connections)
            ),
            elsewhere=self._traced(self._make_place_of_sync_handlers()),
            ended=self._reports.add,
            wake=self._alarm.ring,
        )

    def _make_place_of_sync_handlers(self) -> Place:
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
            conninfo=self._connections.conninfo,
            carry=settings.telemetry.carrier if settings.telemetry else None,
        )

    def _traced(self, place: Place) -> Place:
        telemetry = self._settings.telemetry
        return TracedPlace(place, telemetry) if telemetry else place

    def _make_collector(self) -> Collector | None:
        telemetry = self._settings.telemetry
        # Where spans of runs cannot be written, others shall collect them.
        if telemetry is None or not telemetry.tracing.chooses_ids:
            return None
        return Collector(self._make_session("telemetry"), telemetry)

    def _make_meter(self) -> Observer:
        telemetry, meter = self._settings.telemetry, self._settings.meter
        if telemetry is None:
            return meter
        return TracedMeter(meter, telemetry, self._collector.touch if self._collector else None)

    def _make_claims(self, goal: Goal) -> Claims:
        telemetry = self._settings.telemetry
        desk = Desk(
            worker_id=self.worker_id,
            flows=self._settings.flows,
            session=self._session,
            hand=self._hand,
            reports=self._reports,
            slots=self._slots,
            meter=self._meter,
            traces=RunTraces(self._session, telemetry) if telemetry else None,
        )
        return Claims(
            desk=desk,
            rotation=Rotation(self._flow_slugs),
            hunger=Hunger(self._session, self._flow_slugs),
            slots=self._slots,
            signals=self._signals,
            alarm=self._alarm,
            goal=goal,
        )

    def _make_relief(self) -> Relief:
        return Relief(self._make_session("relief"), claims=self._claims, bell=self._reports.bell)

    def _make_heartbeat(self) -> Heartbeat:
        return Heartbeat(
            worker_id=self.worker_id,
            name=self._settings.name,
            flow_slugs=self._flow_slugs,
            session=self._second,
            hand=self._hand,
            listener=self._claims,
            lose=self._slots.lose,
            deprecate=self._deprecate,
            signals=self._signals,
        )
