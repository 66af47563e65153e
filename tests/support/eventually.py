"""The only place in the tests that waits for time to pass."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

# Only a failing test gets this far, or one on a machine that is very busy (seconds).
PATIENCE = 60.0
FIRST_PAUSE = 0.005
LONGEST_PAUSE = 0.1


def eventually(look: Callable[[], T], *, within: float = PATIENCE) -> T:
    """What `look` returns once that is true, however long it takes; fails with its last answer."""
    for pause in _pauses(within):
        if seen := look():
            return seen
        time.sleep(pause)
    return _last(look(), within)


async def eventually_async(look: Callable[[], Awaitable[T]], *, within: float = PATIENCE) -> T:
    """The same where other tasks of the event loop must go on."""
    for pause in _pauses(within):
        if seen := await look():
            return seen
        await asyncio.sleep(pause)
    return _last(await look(), within)


def _pauses(within: float) -> Iterator[float]:
    deadline = time.monotonic() + within
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)


def _last(seen: T, within: float) -> T:
    assert seen, f"not within {within} s; the last look gave {seen!r}"
    return seen
