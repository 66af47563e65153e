"""Workers and queues: who works, what waits."""

from __future__ import annotations

from pgflow import operations
from pgflow.web.asked import Nothing, WorkersToDrain
from pgflow.web.calls import Call, get, post
from pgflow.web.models import Drained, Workforce
from pgflow.web.playground import Playground
from pgflow.web.queries import workers as queries


async def workforce(site: Playground) -> Workforce:
    """The workers and queues of now."""
    return Workforce(
        workers=await site.database.fetch(queries.workers()),
        queues=await site.database.fetch(queries.queues()),
    )


@get("/workers", Nothing, Workforce)
async def show_workers(call: Call[Nothing]) -> Workforce:
    """Who works, what waits, and how fast it went of late."""
    return await workforce(call.site)


@post("/workers/drain", WorkersToDrain, Drained)
async def drain_workers(call: Call[WorkersToDrain]) -> Drained:
    """Asks workers to end once they have finished what they hold."""
    statement = operations.drain_workers(worker_ids=call.asked.worker_ids)
    rows = await call.site.database.fetch(statement)
    return Drained(drained=[row.worker_id for row in rows])


ENDPOINTS = (show_workers, drain_workers)
