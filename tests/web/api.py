"""The API of a playground as a page uses it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from pgflow.web.app import create_app
from pgflow.web.playground import Playground

HOST = "127.0.0.1:7437"
TOKEN = "open sesame"


@dataclass(frozen=True, slots=True)
class Api:
    """Asks, and expects an answer of a certain kind."""

    client: httpx.AsyncClient

    async def get(self, path: str, **query: object) -> Any:
        answer = await self.client.get(f"/api{path}", params=query)  # type: ignore[arg-type]  plain values
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: object) -> Any:
        answer = await self.client.post(f"/api{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def refused(self, path: str, status: int, /, **body: object) -> dict[str, Any]:
        """What a POST that is expected to fail says."""
        answer = await self.client.post(f"/api{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["error"]

    async def missing(self, path: str, status: int = 404, /, **query: object) -> dict[str, Any]:
        """What a GET that is expected to fail says."""
        answer = await self.client.get(f"/api{path}", params=query)  # type: ignore[arg-type]  plain values
        assert answer.status_code == status, answer.text
        return answer.json()["error"]


def visitor(site: Playground, **headers: str) -> httpx.AsyncClient:
    """A browser that is about to visit the playground."""
    app = create_app(site, token=TOKEN, hosts=[HOST, "localhost:7437"])
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  httpx names its own types
    return httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", headers=headers)


@asynccontextmanager
async def api_of(site: Playground) -> AsyncGenerator[Api]:
    """The API in the hands of somebody who knows the token."""
    async with visitor(site, authorization=f"Bearer {TOKEN}") as client:
        yield Api(client)
