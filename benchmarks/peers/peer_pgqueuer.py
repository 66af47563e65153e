"""PgQueuer: a job queue; each step is a job that enqueues the next one.

A job queue has no joins: the diamond is four jobs one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from benchmarks.peers import handlers
from benchmarks.programs.program import Stopwatch, main

BATCH = 100
FIRST = {"hello": "full_name", "diamond": "website"}


async def _connect(dsn: str) -> asyncpg.Connection:
    words = dict(word.split("=", 1) for word in dsn.split())
    return await asyncpg.connect(user=words["user"], database=words["dbname"], host=words["host"])


def _pack(data: dict[str, Any]) -> bytes:
    return json.dumps(data).encode()


def _data(job: Job) -> dict[str, Any]:
    return json.loads(job.payload or b"{}")


async def _consumer(url: str) -> PgQueuer:
    pgq = PgQueuer(AsyncpgDriver(await _connect(url)))
    queries = Queries(AsyncpgDriver(await _connect(url)))

    @pgq.entrypoint("full_name")
    async def full_name(job: Job) -> None:
        await queries.enqueue("greeting", _pack(handlers.full_name(_data(job))))

    @pgq.entrypoint("greeting")
    async def greeting(job: Job) -> None:
        handlers.greeting(_data(job))

    @pgq.entrypoint("website")
    async def website(job: Job) -> None:
        await queries.enqueue("sentiment", _pack(handlers.website(_data(job))))

    @pgq.entrypoint("sentiment")
    async def sentiment(job: Job) -> None:
        data = _data(job)
        await queries.enqueue("summary", _pack({**data, "sentiment": handlers.sentiment(data)}))

    @pgq.entrypoint("summary")
    async def summary(job: Job) -> None:
        data = _data(job)
        await queries.enqueue("save", _pack({**data, "summary": handlers.summary(data)}))

    @pgq.entrypoint("save")
    async def save(job: Job) -> None:
        data = _data(job)
        handlers.save(data["sentiment"], data["summary"])

    return pgq


class PgQueuerPeer:
    def prepare(self, url: str, workload: str) -> None:
        del workload
        uvloop.run(self._prepare(url))

    async def _prepare(self, url: str) -> None:
        await Queries(AsyncpgDriver(await _connect(url))).install()

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        return uvloop.run(self._start(url, workload, [1] * count))

    def start_many(self, url: str, workload: str, count: int) -> float:
        full, rest = divmod(count, 1000)
        return uvloop.run(self._start(url, workload, [1000] * full + [rest] * bool(rest)))

    async def _start(self, url: str, workload: str, sizes: list[int]) -> float:
        queries, watch = Queries(AsyncpgDriver(await _connect(url))), Stopwatch()
        first, payload = FIRST[workload], _pack(handlers.INPUTS[workload])
        with watch.running():
            for size in sizes:
                if size == 1:
                    await queries.enqueue(first, payload)
                else:
                    await queries.enqueue([first] * size, [payload] * size, [0] * size)
        return watch.seconds

    def work(self, url: str, workload: str, go: Callable[[], None]) -> None:
        del workload
        go()
        uvloop.run(self._work(url))

    async def _work(self, url: str) -> None:
        pgq = await _consumer(url)
        await pgq.run(batch_size=BATCH)


if __name__ == "__main__":
    main(PgQueuerPeer())
