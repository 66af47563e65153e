"""DBOS Transact: durable workflows, enqueued and worked off by its queue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig

from benchmarks.peers import handlers
from benchmarks.programs.program import Stopwatch, main

QUEUE = "bench"
CONCURRENCY = 100


@DBOS.step()
async def full_name(person: dict[str, Any]) -> dict[str, Any]:
    return handlers.full_name(person)


@DBOS.step()
async def greeting(name: dict[str, Any]) -> dict[str, Any]:
    return handlers.greeting(name)


@DBOS.workflow(name="hello")
async def hello(person: dict[str, Any]) -> dict[str, Any]:
    return await greeting(await full_name(person))


@DBOS.step()
async def website(page: dict[str, Any]) -> dict[str, Any]:
    return handlers.website(page)


@DBOS.step()
async def sentiment(website: dict[str, Any]) -> dict[str, Any]:
    return handlers.sentiment(website)


@DBOS.step()
async def summary(website: dict[str, Any]) -> dict[str, Any]:
    return handlers.summary(website)


@DBOS.step()
async def save(sentiment: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    return handlers.save(sentiment, summary)


@DBOS.workflow(name="diamond")
async def diamond(page: dict[str, Any]) -> dict[str, Any]:
    content = await website(page)
    return await save(*await asyncio.gather(sentiment(content), summary(content)))


def _url(dsn: str) -> str:
    """DBOS wants a URL; ours is a list of words."""
    words = dict(word.split("=", 1) for word in dsn.split())
    return f"postgresql://{words['user']}@/{words['dbname']}?host={words['host']}"


def _launch(dsn: str) -> None:
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": _url(dsn),
        "log_level": "WARNING",
        "application_version": "1",
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=CONCURRENCY, polling_interval_sec=0.01)


class Dbos:
    def prepare(self, url: str, workload: str) -> None:
        del workload
        _launch(url)
        DBOS.destroy()

    def start_one_by_one(self, url: str, workload: str, count: int) -> float:
        watch = Stopwatch()
        client = DBOSClient(system_database_url=_url(url))
        options: Any = {"workflow_name": workload, "queue_name": QUEUE, "app_version": "1"}
        with watch.running():
            for _ in range(count):
                client.enqueue(options, handlers.INPUTS[workload])
        client.destroy()
        return watch.seconds

    # There is no call that enqueues many workflows.
    start_many = start_one_by_one

    def work(self, url: str, workload: str, go: Callable[[], None]) -> None:
        del workload
        go()
        _launch(url)
        threading.Event().wait()


if __name__ == "__main__":
    main(Dbos())
