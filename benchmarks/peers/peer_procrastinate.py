"""Procrastinate: a job queue; each step is a job that defers the next one.

A job queue has no joins: the diamond is four jobs one after the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from procrastinate import App, PsycopgConnector

from benchmarks.peers import handlers
from benchmarks.programs.program import Stopwatch, main

CONCURRENCY = 100
FIRST = {"hello": "full_name", "diamond": "website"}


def _app(url: str) -> App:
    app = App(connector=PsycopgConnector(conninfo=url, min_size=4, max_size=20))

    @app.task(name="full_name")
    async def full_name(data: dict[str, Any]) -> None:
        await greeting.defer_async(data=handlers.full_name(data))

    @app.task(name="greeting")
    async def greeting(data: dict[str, Any]) -> dict[str, Any]:
        return handlers.greeting(data)

    @app.task(name="website")
    async def website(data: dict[str, Any]) -> None:
        await sentiment.defer_async(data=handlers.website(data))

    @app.task(name="sentiment")
    async def sentiment(data: dict[str, Any]) -> None:
        await summary.defer_async(data={**data, "sentiment": handlers.sentiment(data)})

    @app.task(name="summary")
    async def summary(data: dict[str, Any]) -> None:
        await save.defer_async(data={**data, "summary": handlers.summary(data)})

    @app.task(name="save")
    async def save(data: dict[str, Any]) -> dict[str, Any]:
        return handlers.save(data["sentiment"], data["summary"])

    return app


class Procrastinate:
    def prepare(self, url: str, workload: str) -> None:
        del workload
        asyncio.run(self._prepare(url))

    async def _prepare(self, url: str) -> None:
        app = _app(url)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        return asyncio.run(self._start(url, workload, [1] * count))

    def start_many(self, url: str, workload: str, count: int) -> float:
        return asyncio.run(self._start(url, workload, [count]))

    async def _start(self, url: str, workload: str, sizes: list[int]) -> float:
        app, watch = _app(url), Stopwatch()
        data = {"data": handlers.INPUTS[workload]}
        async with app.open_async():
            task = app.configure_task(FIRST[workload])
            with watch.running():
                for size in sizes:
                    if size == 1:
                        await task.defer_async(**data)
                    else:
                        await task.batch_defer_async(*[data] * size)
        return watch.seconds

    def work(self, url: str, workload: str, go: Callable[[], None]) -> None:
        del workload
        logging.disable(logging.INFO)
        go()
        asyncio.run(self._work(url))

    async def _work(self, url: str) -> None:
        app = _app(url)
        async with app.open_async():
            await app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False)


if __name__ == "__main__":
    main(Procrastinate())
