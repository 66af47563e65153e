"""The flows of the tests of workers that speak HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pgflow import Fail, Flow

double = Flow("double", max_attempts=1)


@double.step()
def twice(number: int) -> int:
    if number < 0:
        raise Fail("too small")
    return number * 2


chain = Flow("chain")


@chain.step()
async def first(number: int) -> int:
    return number + 1


@chain.step(first)
async def second(number: int) -> int:
    return number + 1


@dataclass(slots=True)
class Gate:
    """Holds handlers up until it is opened; knows how many stood before it at most."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    inside: int = 0
    most: int = 0
    began: int = 0

    async def pass_through(self) -> None:
        self.began += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.opened.wait()
        finally:
            self.inside -= 1


def gated(gate: Gate, *, then: Callable[[], Any] = lambda: None) -> Flow[Any]:
    """A flow whose handler waits at the gate."""
    flow = Flow[Any]("gated")

    @flow.step()
    async def wait(_: Any) -> str:  # pyright: ignore[reportUnusedFunction]
        await gate.pass_through()
        then()
        return "done"

    return flow
