"""The process in which handlers run: python -m pgflow.development.worker_child FLOWS..."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence

from pgflow.console import ConsoleFormatter
from pgflow.environment import redact
from pgflow.errors import PgflowError
from pgflow.loading import flows_of, load_flows
from pgflow.worker import Worker
from pgflow.worker.loop import run
from pgflow.worker.supervisor import end_with_supervisor

# The line on standard output that says that the database knows the worker.
READY = "ready"
# Handlers that were begun with the old code have that long (seconds).
SHUTDOWN_TIMEOUT = 2.0
START_TIMEOUT = 60.0


def main(names: Sequence[str]) -> int:
    handler = logging.StreamHandler()
    handler.setFormatter(ConsoleFormatter("%(levelname)-7s %(name)s  %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    end_with_supervisor()
    try:
        run(work(names))
    except PgflowError as error:
        sys.stderr.write(f"{redact(str(error))}\n")
        return 1
    return 0


async def work(names: Sequence[str]) -> None:
    """Work until told to end, and say when it has begun."""
    sources = load_flows(names)
    worker = Worker(
        flows_of(sources), name=sources[0].worker_name, shutdown_timeout=SHUTDOWN_TIMEOUT
    )
    working = asyncio.create_task(worker.run())
    first_beat = asyncio.create_task(worker.signals.heartbeat.reaches(1, within=START_TIMEOUT))
    await asyncio.wait({working, first_beat}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        sys.stdout.write(f"{READY}\n")
        sys.stdout.flush()
    first_beat.cancel()
    await asyncio.gather(first_beat, return_exceptions=True)
    await working


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
