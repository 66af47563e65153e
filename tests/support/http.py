"""An ASGI application on a real port, and a client that talks to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from pgflow.asgi.serving import Address, Server
from tests.support.eventually import eventually_async


@asynccontextmanager
async def served(
    app: Any, *, host: str = "127.0.0.1", **headers: str
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of an application that runs under uvicorn for the length of the block."""
    listening = Address(host, 0).listen()
    server = Server(app, listening, heeds_signals=False)
    serving = asyncio.create_task(server.run_here())
    await eventually_async(lambda: asyncio.sleep(0, server.started))
    url = f"http://{host}:{listening.getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        await serving
