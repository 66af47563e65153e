"""Runs as they go on: looked at whenever something happens to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pgflow import operations, statements
from pgflow.cli.screens import Screen
from pgflow.cli.tree import Progress
from pgflow.client import AsyncClient, AsyncRun
from pgflow.client.connections import AsyncDatabase
from pgflow.client.failures import not_ended

# Tasks that end within a map are no event of the run: they show when we look again.
LOOK_AGAIN_AFTER = 0.2


async def follow(
    database_url: str, run_id: UUID, screen: Screen, *, timeout: float | None = None
) -> Progress:
    """Shows a run on a screen until it has ended; returns how it did.

    Raises `WaitTimeout` after so many seconds, without which it shows the run as long as it takes.
    """
    async with AsyncClient(database_url) as client:
        run = await client.get_run(run_id)
        async with _changes(run) as changed:
            try:
                async with asyncio.timeout(timeout):
                    return await _show_changes(AsyncDatabase(database_url), run_id, screen, changed)
            except TimeoutError:
                raise not_ended(run_id, timeout) from None


async def _show_changes(
    database: AsyncDatabase, run_id: UUID, screen: Screen, changed: asyncio.Event
) -> Progress:
    while True:
        changed.clear()
        progress = await look(database, run_id)
        screen.show(progress)
        if progress.has_ended:
            return progress
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), LOOK_AGAIN_AFTER)


async def look(database: AsyncDatabase, run_id: UUID) -> Progress:
    """How a run stands now."""
    # In this order: where the run has ended, its steps have too.
    [run] = await database.fetch(statements.look_at_runs([run_id]))
    steps = await database.fetch(operations.step_progress(run_id))
    return Progress(run, steps, datetime.now(UTC))


@asynccontextmanager
async def _changes(run: AsyncRun[Any]) -> AsyncGenerator[asyncio.Event]:
    """Something that is set whenever something happens to the run."""
    changed = asyncio.Event()

    async def listen() -> None:
        async for _ in run.events():
            changed.set()

    listening = asyncio.create_task(listen())
    try:
        yield changed
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
