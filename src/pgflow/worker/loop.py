"""`asyncio.run` for a program that runs other people's coroutines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

logger = logging.getLogger("pgflow.worker")

# How long what is left in the loop may take to end once it is cancelled (seconds).
PATIENCE = 1.0


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own.

    A handler that swallows its cancellation would keep `asyncio.run`, and with it the process,
    alive for ever. Here it is left behind.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        _end_what_is_left(loop)
        asyncio.set_event_loop(None)
        loop.close()


def _end_what_is_left(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        _, stubborn = loop.run_until_complete(asyncio.wait(left, timeout=PATIENCE))
        for task in stubborn:
            logger.warning("left behind, because it does not let itself be cancelled: %s", task)
    loop.run_until_complete(loop.shutdown_asyncgens())
