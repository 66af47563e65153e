"""Collects the spans of runs and steps that have ended, and writes them."""

from __future__ import annotations

import asyncio
import json
import random
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from pgflow import trace_statements
from pgflow.worker.service import LoopService

if TYPE_CHECKING:
    from pgflow.telemetry import Telemetry
    from pgflow.trace_statements import SpanRow
    from pgflow.worker.session import Session

# How often to collect what this worker has reported about (seconds).
INTERVAL = 1.0
# How often to look for what ended without a worker, or with one that died (seconds).
SWEEP = 30.0
# Runs in a statement, as many as a sweep sees.
PAGE = 1000
_FIRST = UUID(int=0)


class Collector(LoopService):
    """Collects the spans of the runs that it is told of, and now and then those left by others.

    The database hands out each span once. It has a connection of its own, which opens when there
    is something to collect. What cannot be collected now, the sweep of some worker finds later.
    """

    def __init__(self, session: Session, telemetry: Telemetry) -> None:
        super().__init__("collector")
        self._session = session
        self._telemetry = telemetry
        self._touched: set[UUID] = set()
        self._position = _FIRST
        self._loop = asyncio.get_running_loop()
        # Workers that start together do not sweep together.
        self._sweep_at = self._loop.time() + SWEEP * random.random()  # noqa: S311 - no secret
        self._is_connected = False

    def touch(self, run_id: UUID) -> None:
        """Something in this run may have ended."""
        self._touched.add(run_id)

    async def disconnect(self) -> None:
        await self._session.close()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._pause(INTERVAL)
            await self._attempt()

    async def _attempt(self) -> None:
        try:
            if self._loop.time() >= self._sweep_at:
                await self._sweep()
            while self._touched:
                await self._collect()
        except Exception as error:  # noqa: BLE001 - exporters are anybody's code
            self._touched.clear()
            self._is_connected = False
            self._telemetry.complain("spans are not collected", error)

    async def _collect(self) -> None:
        page = list(islice(self._touched, PAGE))
        self._touched.difference_update(page)
        await self._connect()
        for row in await self._session.run(trace_statements.collect_spans(page)):
            self._write(row)

    def _write(self, row: SpanRow) -> None:
        self._telemetry.tracing.write(row, json.loads(row.carrier))

    async def _sweep(self) -> None:
        """Look at the next page of runs whose traces are open."""
        self._sweep_at = self._loop.time() + SWEEP
        await self._connect()
        rows = await self._session.run(trace_statements.open_traces(self._position))
        self._touched.update(row.run_id for row in rows if row.has_ended)
        self._position = rows[-1].run_id if len(rows) == PAGE else _FIRST

    async def _connect(self) -> None:
        if not self._is_connected:
            await self._session.close()
            await self._session.open()
            self._is_connected = True
