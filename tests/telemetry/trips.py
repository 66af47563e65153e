"""A flow whose handlers trace something themselves, and the spans of a run of it."""

from __future__ import annotations

import asyncio
from typing import Any

from pgflow import Flow
from tests.telemetry.watch import Watch


def trip(watch: Watch) -> Flow[Any]:
    """Two steps, one of which is async, with spans of their own."""
    flow = Flow[Any]("trip")

    @flow.step()
    async def pack() -> list[int]:
        with watch.span("fold"):
            await asyncio.sleep(0)
        return [1, 2, 3]

    @flow.map(pack)
    def carry(weight: int) -> int:
        with watch.span("lift"):
            return weight

    return flow


TRIP = (
    "run trip",
    "run trip > step pack",
    "run trip > step pack > attempt pack",
    "run trip > step pack > attempt pack > fold",
    "run trip > step carry",
    *["run trip > step carry > attempt carry"] * 3,
    *["run trip > step carry > attempt carry > lift"] * 3,
)
