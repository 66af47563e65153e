"""A run as the caller holds it: what is known of it, and how to learn more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from psycopg import AsyncConnection, Connection

from pgflow import statements
from pgflow.client.connections import AsyncDatabase, Database
from pgflow.client.events import RunEvent
from pgflow.client.failures import run_not_found
from pgflow.client.portal import Portal
from pgflow.client.watcher import RunWatcher
from pgflow.definition.codec import Codec
from pgflow.definition.flow import Flow
from pgflow.errors import RunCancelled, RunFailed
from pgflow.statements import RunRow, StepRow

In = TypeVar("In")

_plain = Codec[Any]()


@dataclass(frozen=True, slots=True)
class Link:
    """What a sync client and its runs reach the database by; the watcher lives in the portal."""

    database: Database
    watcher: RunWatcher
    portal: Portal

    def close(self) -> None:
        if self.portal.is_open:
            self.portal.call(self.watcher.close())
            self.portal.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class AsyncLink:
    """What an async client and its runs reach the database by."""

    database: AsyncDatabase
    watcher: RunWatcher

    async def close(self) -> None:
        await self.watcher.close()
        self.database.close()


class RunRecord(Generic[In]):
    """What was known of a run when it was last read; `refresh` and `wait` read it again.

    Given a `Flow`, input and output have the types of its annotations, else they are plain JSON.
    """

    def __init__(self, row: RunRow, flow: Flow[In] | str | None) -> None:
        self._row = row
        self._flow = flow if isinstance(flow, Flow) else None

    def __repr__(self) -> str:
        return f"<run {self.run_id} of flow '{self.flow_slug}', {self.status}>"

    @property
    def run_id(self) -> UUID:
        return self._row.run_id

    @property
    def flow_slug(self) -> str:
        return self._row.flow_slug

    @property
    def status(self) -> str:
        """`started`, `completed`, `failed` or `cancelled`."""
        return self._row.status

    @property
    def created(self) -> bool:
        """False when `start` found a run of that run_id, and so started nothing."""
        return self._row.created

    @property
    def input(self) -> In:
        codec = self._flow.input_codec if self._flow else _plain
        return codec.decode_json(self._row.input)

    @property
    def output(self) -> dict[str, Any] | None:
        """The outputs of the completed leaves by step; None before the run has completed."""
        raw = self._row.output
        if self._flow:
            return self._flow.decode_output(raw)
        return None if raw is None else _plain.decode_json(raw)

    @property
    def error_message(self) -> str | None:
        """Why the run failed: `<step>: <message>`."""
        return self._row.error_message

    @property
    def remaining_steps(self) -> int:
        return self._row.remaining_steps

    @property
    def started_at(self) -> datetime:
        return self._row.started_at

    @property
    def completed_at(self) -> datetime | None:
        return self._row.completed_at

    @property
    def failed_at(self) -> datetime | None:
        return self._row.failed_at

    @property
    def cancelled_at(self) -> datetime | None:
        return self._row.cancelled_at

    @property
    def paused_at(self) -> datetime | None:
        """Since when no step starts by itself; None for a run that is not paused."""
        return self._row.paused_at

    def _take(self, rows: Sequence[RunRow]) -> None:
        if not rows:
            raise run_not_found(self.run_id)
        self._row = replace(rows[0], created=self.created)

    def _take_end(self, end: RunRow) -> None:
        self._row = replace(end, input=self._row.input, created=self.created)
        if self.status == "failed":
            step, message = _blamed(self.error_message or "")
            raise RunFailed(step, message, self.run_id)
        if self.status == "cancelled":
            raise RunCancelled(f"run {self.run_id} of flow '{self.flow_slug}' was cancelled")

    def _step(self, row: StepRow) -> StepRow:
        if row.output is None:
            return row
        return replace(row, output=_plain.decode_json(row.output))


class Run(RunRecord[In]):
    """A run, from `Client.start` and its like.

    Example:
        run = client.start(greet_user, {"first_name": "Alice", "last_name": "Smith"})
        print(run.wait(timeout=10)["greeting"])
    """

    def __init__(self, link: Link, row: RunRow, flow: Flow[In] | str | None = None) -> None:
        super().__init__(row, flow)
        self._link = link

    def refresh(self, *, connection: Connection[Any] | None = None) -> Run[In]:
        """Read the run again; returns it."""
        self._take(self._link.database.fetch(statements.get_run(self.run_id), connection))
        return self

    def steps(self, *, connection: Connection[Any] | None = None) -> list[StepRow]:
        """The steps of the run in the order of the definition, with their outputs as plain JSON."""
        rows = self._link.database.fetch(statements.list_steps(self.run_id), connection)
        return [self._step(row) for row in rows]

    def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait until the run ends; its output, which is empty where no leaf completed.

        Raises `RunFailed`, `RunCancelled`, or `WaitTimeout` after so many seconds, without which it
        waits as long as it takes. It looks from a connection of its own: a run that was started in
        a transaction of the caller's is found once that is committed, before it is `RunNotFound`.
        """
        if self.status != "completed":
            ending = self._link.watcher.end_of(self.run_id, timeout)
            self._take_end(self._link.portal.call(ending))
        return self.output or {}

    def events(self) -> Generator[RunEvent]:
        """What has happened to the run and what happens to it, as it happens, until it ends.

        Each change comes once, whenever the iteration begins. A run that has ended tells its
        whole story at once.
        """
        return self._link.portal.iterate(self._link.watcher.events_of(self.run_id))


class AsyncRun(RunRecord[In]):
    """A run, from `AsyncClient.start` and its like.

    Example:
        run = await client.start(greet_user, {"first_name": "Alice", "last_name": "Smith"})
        print((await run.wait(timeout=10))["greeting"])
    """

    def __init__(self, link: AsyncLink, row: RunRow, flow: Flow[In] | str | None = None) -> None:
        super().__init__(row, flow)
        self._link = link

    async def refresh(self, *, connection: AsyncConnection[Any] | None = None) -> AsyncRun[In]:
        """Read the run again; returns it."""
        self._take(await self._link.database.fetch(statements.get_run(self.run_id), connection))
        return self

    async def steps(self, *, connection: AsyncConnection[Any] | None = None) -> list[StepRow]:
        """The steps of the run in the order of the definition, with their outputs as plain JSON."""
        rows = await self._link.database.fetch(statements.list_steps(self.run_id), connection)
        return [self._step(row) for row in rows]

    async def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait until the run ends, like `Run.wait`."""
        if self.status != "completed":
            self._take_end(await self._link.watcher.end_of(self.run_id, timeout))
        return self.output or {}

    def events(self) -> AsyncGenerator[RunEvent]:
        """What has happened to the run and what happens to it, like `Run.events`."""
        return self._link.watcher.events_of(self.run_id)


def _blamed(error_message: str) -> tuple[str | None, str]:
    """A run's error message, taken apart: the step, if it names one, and what it said."""
    step, separator, message = error_message.partition(": ")
    return (step, message) if separator else (None, error_message)
