"""The desk of a developer: files, a terminal, the page."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from pgflow.web.serving import Address
from tests.support.eventually import eventually_async

Session = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """Edits files, and looks at what becomes of that."""

    client: httpx.AsyncClient
    project: Path
    terminal: Sequence[str]

    @classmethod
    @asynccontextmanager
    async def at(
        cls, address: Address, project: Path, terminal: Sequence[str]
    ) -> AsyncGenerator[Desk]:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{address.port}",
            headers={"authorization": f"Bearer {address.token}"},
            timeout=60,
        ) as client:
            yield cls(client, project, terminal)

    def edit(self, name: str, old: str, new: str) -> None:
        file = self.project / name
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    async def session(self, wanted: Callable[[Session], object]) -> Session:
        """The session of the page, once it is as wanted."""

        async def look() -> Session | None:
            try:
                session = (await self.client.get("/api/session")).json()
            except httpx.TransportError:
                return None
            return session if wanted(session) else None

        found = await eventually_async(look, within=60)
        assert found is not None
        return found

    async def working(self, *, other_than: int | None = None) -> int:
        """The process id of the worker, once it works."""
        session = await self.session(
            lambda now: now["worker"]["state"] == "running" and now["worker"]["pid"] != other_than
        )
        return session["worker"]["pid"]

    async def greeting(self, name: str = "Ada") -> str:
        """What the flow answers: a run from its start to its end."""
        answer = await self.client.post("/api/flows/greet/runs", json={"input": name})
        run_id = answer.json()["run"]["run_id"]

        async def look() -> Any:
            run = (await self.client.get(f"/api/runs/{run_id}")).json()["run"]
            return run["output"] and run["output"]["preview"]

        return await eventually_async(look)
