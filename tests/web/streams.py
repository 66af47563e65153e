"""A server of the playground and the streams of its pages, as a browser reads them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from pgflow.web.playground import Playground
from pgflow.web.serving import Address, Server
from tests.support.eventually import eventually_async
from tests.web.api import TOKEN

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Event:
    """What one block of a stream says."""

    kind: str
    id: str
    data: Any


class Stream:
    """The events of one page."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self, kind: str) -> Any:
        """The data of the next event of a kind; others are passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event = await self.event()
                if event is not None and event.kind == kind:
                    return event.data

    async def event(self) -> Event | None:
        """The next event; None for a comment."""
        said: dict[str, str] = {}
        async for line in self._lines:
            if not line:
                break
            name, _, value = line.partition(": ")
            said[name] = value
        else:
            raise EOFError
        if "event" not in said:
            return None
        return Event(said["event"], said["id"], json.loads(said["data"]))


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser at a running server."""

    client: httpx.AsyncClient

    @asynccontextmanager
    async def watch(self, watched: str, **headers: str) -> AsyncGenerator[Stream]:
        """A stream that is open for the length of a block."""
        path = f"/api/events?watch={watched}"
        async with self.client.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            stream = Stream(answer.aiter_lines())
            first = await stream.event()
            assert first is not None
            assert first.kind == "hello"
            yield stream


@asynccontextmanager
async def served(site: Playground) -> AsyncGenerator[Visitor]:
    """The playground behind a real port."""
    address = Address.reserve(0, token=TOKEN)
    server = Server(site, address)
    serving = asyncio.create_task(server.run_here())
    await eventually_async(started(server))
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{address.port}",
        headers={"authorization": f"Bearer {TOKEN}"},
        timeout=PATIENCE,
    ) as client:
        yield Visitor(client)
    server.handle_exit(15, None)
    await serving


def started(server: Server) -> Any:
    async def look() -> bool:
        return server.started

    return look
