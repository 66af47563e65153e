"""Server-sent events: one stream for a page, of what it asks for, never faster than it can look."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pgflow.errors import PgflowError
from pgflow.web.asked import Watched
from pgflow.web.desk import Desk
from pgflow.web.playground import Playground
from pgflow.web.queries import one_run as queries
from pgflow.web.workers import workforce

# Seconds between two events, and between two looks at what is not announced.
A_RUN_MOVES = 0.1
RUNS_MOVE = 0.25
LOOK_AT_RUN = 1.0
LOOK_AT_ENDED_RUN = 10.0
LOOK_AT_WORKERS = 2.0
BEAT = 10.0
KINDS = ("runs", "flows", "workers", "code")
# From start to start other than before, so that a page tells a server that was started again.
_numbers = itertools.count(int(datetime.now(UTC).timestamp() * 1000))


async def stream_events(site: Playground, request: Request) -> Response:
    """What a page watches, as it happens."""
    watched = Watched.model_validate(dict(request.query_params)).watch
    stream = _Stream(site, _desk(watched), shows_workers="workers" in watched)
    is_again = "last-event-id" in request.headers
    return StreamingResponse(
        stream.lines(is_again=is_again),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


def _desk(watched: Iterable[str]) -> Desk:
    runs = [_run_id(each) for each in watched if each.startswith("run:")]
    for each in watched:
        if each not in KINDS and not each.startswith("run:"):
            message = f"'{each}' cannot be watched, expected run:<uuid> or {', '.join(KINDS)}"
            raise ValueError(message)
    if len(runs) > 1:
        raise ValueError("a stream follows one run, expected a single run:<uuid>")
    return Desk(run=runs[0] if runs else None, all_runs=not {"runs", "flows"}.isdisjoint(watched))


def _run_id(watched: str) -> UUID:
    try:
        return UUID(watched.removeprefix("run:"))
    except ValueError:
        message = f"'{watched}' is no run, expected run:<uuid>"
        raise ValueError(message) from None


@dataclass(slots=True)
class _Stream:
    """The events of one page, from the first to the last."""

    site: Playground
    desk: Desk
    shows_workers: bool
    _shown: dict[str, str] = field(default_factory=dict[str, str])
    _next_look: dict[str, float] = field(default_factory=dict[str, float])
    _next_beat: float = 0

    async def lines(self, *, is_again: bool) -> AsyncGenerator[str]:
        async with self.site.newsroom.desk(self.desk):
            yield _event("hello", {"server_time": datetime.now(UTC).isoformat()})
            if is_again:
                yield _event("refresh", {"reason": "reconnected"})
            while not self.site.newsroom.is_closed:
                async for line in self._news():
                    self._next_beat = _now() + BEAT
                    yield line
                if self._is_silent():
                    yield ": beat\n\n"
                await self._wait()

    async def _news(self) -> AsyncGenerator[str]:
        self.desk.stirred.clear()
        for line in (*self._noticed(), *self._heard()):
            yield line
        async for line in self._seen():
            yield line

    def _noticed(self) -> Iterator[str]:
        for notice in self.desk.take_notices():
            if notice == "code":
                yield _event("code", self.site.session().model_dump(mode="json"))
            elif notice != "closed":
                yield _event("refresh", {"reason": notice})

    def _heard(self) -> Iterator[str]:
        if changes := self.desk.take_changes():
            yield _event("run", {"run_id": str(self.desk.run), "changes": changes})
        if told := self.desk.take_runs():
            yield _event("runs", told)

    async def _seen(self) -> AsyncGenerator[str]:
        """What nobody announces: it is looked at, and told when it is not as before.

        A look goes on when its page is closed: a query that is broken off costs its connection.
        """
        with suppress(PgflowError):  # the page hears of an outage by the listening connection
            if self.desk.run and self._is_time_for("progress", LOOK_AT_RUN):
                statement = queries.run_progress(self.desk.run)
                for seen in await asyncio.shield(self.site.database.fetch(statement)):
                    if not seen.is_open:
                        self._next_look["progress"] = _now() + LOOK_AT_ENDED_RUN
                    if self._is_new("progress", seen.body):
                        yield _line("progress", seen.body)
            if self.shows_workers and self._is_time_for("workers", LOOK_AT_WORKERS):
                body = (await asyncio.shield(workforce(self.site))).model_dump_json()
                if self._is_new("workers", body):
                    yield _line("workers", body)

    async def _wait(self) -> None:
        """Take breath, then wait until there may be something to tell."""
        await asyncio.sleep(RUNS_MOVE if self.desk.all_runs else A_RUN_MOVES)
        patience = min([self._next_beat, *self._next_look.values()]) - _now()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.desk.stirred.wait()

    def _is_silent(self) -> bool:
        if _now() < self._next_beat:
            return False
        self._next_beat = _now() + BEAT
        return True

    def _is_time_for(self, look: str, pause: float) -> bool:
        if _now() < self._next_look.get(look, 0):
            return False
        self._next_look[look] = _now() + pause
        return True

    def _is_new(self, kind: str, body: str) -> bool:
        is_new = self._shown.get(kind) != body
        self._shown[kind] = body
        return is_new


def _now() -> float:
    return asyncio.get_running_loop().time()


def _event(kind: str, data: Mapping[str, Any]) -> str:
    return _line(kind, json.dumps(data))


def _line(kind: str, data: str) -> str:
    return f"id: {next(_numbers)}\nevent: {kind}\ndata: {data}\n\n"
