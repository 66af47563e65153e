"""Whether a worker that runs now still has older code than the one that is to be compiled."""

from __future__ import annotations

import time

from pgflow.deployment import definitions
from pgflow.deployment.compilation import connected, run
from pgflow.errors import DatabaseUnavailable, DeploymentError, EngineMissing
from pgflow.loading import FlowSource


async def check_workers(
    database_url: str | None, source: FlowSource, worker_name: str
) -> str | None:
    """Raise where a live worker of that name is older than the code that it serves.

    Returns a note where nothing could be compared: no database, no engine, no such worker.
    """
    try:
        uptime = await _longest_uptime(database_url, source, worker_name)
    except (DatabaseUnavailable, EngineMissing):
        return "the database cannot be reached, so running workers were not compared with the code"
    if uptime is None:
        return f"no worker '{worker_name}' runs, so there is none with older code"
    # Ages, because the clocks of two machines differ.
    if time.time() - source.changed_at() < uptime:
        message = "Worker code changed since startup\nAction: Restart worker and retry"
        raise DeploymentError(message)
    return None


async def _longest_uptime(
    database_url: str | None, source: FlowSource, worker_name: str
) -> float | None:
    uptimes: list[float] = []
    async with connected(database_url) as connection:
        for flow in source.flows:
            workers = await run(connection, definitions.live_workers(worker_name, flow.slug))
            uptimes += [worker.uptime for worker in workers]
    return max(uptimes, default=None)
