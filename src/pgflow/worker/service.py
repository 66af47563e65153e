"""The life of every loop in a worker: started once, stopped any number of times, then finished."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol


class Service(Protocol):
    """What the worker asks of a loop; `LoopService` is how to write one."""

    def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def finished(self) -> None: ...


class LoopService:
    """A loop with one life. Subclasses write `_run` and end it when `_stopping` is set.

    `stop` may be called before `start`, twice, or from two places at once: each call returns when
    the loop has ended, never sooner. A loop that crashes keeps its error for `finished`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is not None:
            message = f"{self._name} is started already"
            raise RuntimeError(message)
        self._task = asyncio.create_task(self._run(), name=f"pgflow {self._name}")

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def abandon(self) -> None:
        """Stop without waiting for the loop's own end."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def finished(self) -> None:
        """Wait for the end of the loop; raises what crashed it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _pause(self, seconds: float) -> None:
        """Sleep that long; less if the loop is asked to stop meanwhile."""
        if self._stopping.is_set():
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _run(self) -> None:
        raise NotImplementedError
