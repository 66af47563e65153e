"""Everything that `pgflow dev` runs, in one process tree."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from pgflow import schema
from pgflow.conninfo import readable
from pgflow.development.keeper import WorkerKeeper
from pgflow.development.watching import UserModules, changes
from pgflow.embedded import project_database
from pgflow.environment import DatabaseUrl, Environment, find_database_url
from pgflow.errors import DatabaseUrlMissing, DeploymentError
from pgflow.web.code import Code
from pgflow.web.playground import Playground
from pgflow.web.serving import Address, Server

Tell = Callable[[str], None]


@contextmanager
def development_database(said: str | None) -> Generator[DatabaseUrl]:
    """The database that is named, by the command or the environment; else the embedded one.

    That is started for as long as it is needed. A database that was hardly meant is refused.
    """
    try:
        found = readable(find_database_url(said))
    except DatabaseUrlMissing:
        database = project_database()
        with database.hold() as url:
            yield DatabaseUrl(url, f"embedded, in {database.home}")
        return
    environment = Environment.detect()
    if not environment.may_destroy(found.value):
        warning = environment.warning(found.value) or (
            f"this is production ({environment.reason}), which is no place for development. "
            "Serve the page alone with: pgflow ui"
        )
        raise DeploymentError(warning)
    yield found


class Studio:
    """A worker and a playground for some flows. `tell` gets what people should read, as it comes.

    Example:
        with development_database(None) as database:
            asyncio.run(Studio(["flows.py"], database, Address.reserve(), print).run())
    """

    def __init__(
        self, names: Sequence[str], database: DatabaseUrl, address: Address, tell: Tell
    ) -> None:
        self._names = names
        self._database = database
        self._tell = tell
        self._modules = UserModules(names)
        self._code = Code(names)
        self._keeper = WorkerKeeper(names, database.value, tell=tell, changed=self._tell_the_pages)
        self._playground = Playground(
            database_url=database.value,
            code=self._code,
            allow_actions=True,
            is_development=True,
            worker=self._keeper.state,
        )
        self._address = address
        self._server = Server(self._playground, address)

    async def run(self) -> None:
        """Work and serve until SIGINT, SIGTERM or `stop`."""
        await asyncio.to_thread(schema.install, self._database.value)
        self._tell(f"✓ Database    {self._database.source}")
        await self._load()
        self._tell(f"✓ Playground  {self._address.url}\n  Press Ctrl-C to stop")
        beside = [asyncio.create_task(each) for each in (self._keeper.run(), self._follow())]
        for task in beside:
            task.add_done_callback(self._end)
        try:
            await self._server.run_here()
        finally:
            for task in beside:
                task.cancel()
            ends = await asyncio.gather(*beside, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def stop(self) -> None:
        """End everything, like Ctrl-C."""
        self._server.handle_exit(signal.SIGTERM, None)

    def _end(self, task: asyncio.Task[None]) -> None:
        # Neither ends by itself: without one of them the rest would look alive, and is not.
        if not task.cancelled():
            self.stop()

    async def _follow(self) -> None:
        """Bring every change of the code to the page and to the worker."""
        async for _ in changes(self._modules.directories):
            self._modules.forget()
            await self._load()

    async def _load(self) -> None:
        is_good = await asyncio.to_thread(self._code.load)
        self._tell_the_terminal()
        self._tell_the_pages()
        if is_good:
            self._keeper.replace()

    def _tell_the_terminal(self) -> None:
        trouble, flows = self._code.trouble, self._code.flows
        if trouble is not None:
            kept = "the last good version goes on" if flows else "nothing runs yet"
            self._tell(f"✗ {trouble.message}\n  {kept}; save the file again when it is mended")
        else:
            self._tell(f"✓ Flows       {', '.join(flows)} (from {', '.join(self._names)})")

    def _tell_the_pages(self) -> None:
        self._playground.newsroom.tell_all("code")


def be_quiet() -> None:
    """The libraries below tell too much for a terminal that shows handlers at work."""
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
