"""The signals that end a program with an event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def obeying_signals(stop: Callable[[int], object]) -> Generator[None]:
    """Call `stop` with the number of every SIGTERM and SIGINT, where signals can be caught.

    Nothing is raised by them meanwhile. Afterwards they do what Python makes of them by itself.

    Example:
        ended = asyncio.Event()
        with obeying_signals(lambda number: ended.set()):
            await ended.wait()
    """
    loop = asyncio.get_running_loop()
    caught: list[signal.Signals] = []
    for number in STOP_SIGNALS:
        # Only the main thread may, and not on every platform.
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, stop, number)
            caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
