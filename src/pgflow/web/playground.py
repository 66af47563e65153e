"""What a playground is made of: a database, perhaps the code of its flows, and what it may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from pgflow.client import AsyncClient
from pgflow.client.connections import AsyncDatabase
from pgflow.environment import redact
from pgflow.web.code import Code
from pgflow.web.models import Session, WorkerProcess
from pgflow.web.newsroom import Newsroom


def nobody_works() -> None:
    """The worker of a playground that has none of its own."""


@dataclass(slots=True, kw_only=True)
class Playground:
    """Everything that a request may need. Nothing is opened before it is needed.

    `code` is None where only the database is known. `worker` tells of the worker process that
    `pgflow dev` keeps. `direct_url` is a way past a transaction pooler that `database_url` leads
    to, through which nothing can be notified.
    """

    database_url: str
    direct_url: str | None = None
    code: Code | None = None
    allow_actions: bool = False
    is_development: bool = False
    worker: Callable[[], WorkerProcess | None] = nobody_works
    database: AsyncDatabase = field(init=False)
    client: AsyncClient = field(init=False)
    newsroom: Newsroom = field(init=False)

    def __post_init__(self) -> None:
        self.database = AsyncDatabase(self.database_url)
        self.client = AsyncClient(self.database_url)
        self.newsroom = Newsroom(AsyncDatabase(self.direct_url or self.database_url))

    def session(self) -> Session:
        """What the page is looking at."""
        return Session(
            version=version("pgflow-py"),
            database=redact(self.database_url),
            allow_actions=self.allow_actions,
            is_development=self.is_development,
            server_time=datetime.now(UTC),
            code=self.code.state() if self.code else None,
            worker=self.worker(),
        )

    async def close(self) -> None:
        """Ends the streams and closes the connections."""
        await self.newsroom.close()
        await self.client.close()
        self.database.close()
