"""Whether a worker that runs now still has older code than the one that is to be compiled."""

from __future__ import annotations

import time

from pgflow.deployment import definitions
from pgflow.deployment.compilation import connected, run
from pgflow.deployment.definitions import LiveWorkerRow
from pgflow.errors import DatabaseUnavailable, DeploymentError, EngineMissing
from pgflow.loading import FlowSource


async def check_workers(
    database_url: str | None, source: FlowSource, worker_name: str
) -> str | None:
    """Raise where a live worker of that name is older than the code that it serves.

    Returns a note where one of another name is, and where nothing could be compared: no database,
    no engine, no worker of these flows.
    """
    try:
        workers = await _live_workers(database_url, source)
    except (DatabaseUnavailable, EngineMissing):
        return "the database cannot be reached, so running workers were not compared with the code"
    if not workers:
        return "no worker of these flows runs, so there is none with older code"
    # Ages, because the clocks of two machines differ.
    age = time.time() - source.changed_at()
    older = [worker.function_name for worker in workers if worker.uptime > age]
    if worker_name in older:
        message = "Worker code changed since startup\nAction: Restart worker and retry"
        raise DeploymentError(message)
    if not older:
        return None
    return (
        f"worker '{older[0]}' serves {source.name} with older code. "
        "Restart it once the migration is applied"
    )


async def _live_workers(database_url: str | None, source: FlowSource) -> list[LiveWorkerRow]:
    slugs = [flow.slug for flow in source.flows]
    async with connected(database_url) as connection:
        return await run(connection, definitions.live_workers(slugs))
