"""An event loop in a thread of its own: waiting is written once, and serves sync callers too."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Running:
    loop: asyncio.AbstractEventLoop
    stopping: asyncio.Event


class Portal:
    """Runs coroutines for callers that have no event loop; the thread starts with the first one."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._running: _Running | None = None
        self._stop: Callable[[], object] = _do_nothing

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of the coroutine, which does not outlive an interrupted caller."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._open().loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, source: AsyncGenerator[T]) -> Generator[T]:
        """The items of an asynchronous generator, which ends with this one."""
        items: SimpleQueue[T | None] = SimpleQueue()
        pump = asyncio.run_coroutine_threadsafe(_pump(source, items), self._open().loop)
        try:
            while (item := items.get()) is not None:
                yield item
            pump.result()
        finally:
            pump.cancel()

    def close(self) -> None:
        """Cancels what still runs and ends the thread; harmless when there is none."""
        with self._starting:
            self._stop()
            self._running = None

    @property
    def is_open(self) -> bool:
        return self._running is not None

    def _open(self) -> _Running:
        with self._starting:
            if self._running is None:
                self._running = self._start()
            return self._running

    def _start(self) -> _Running:
        started: Future[_Running] = Future()
        thread = threading.Thread(target=_run, args=[started], name="pgflow-waiting", daemon=True)
        thread.start()
        running = started.result()
        # A client that nobody closes must not leave its thread behind.
        self._stop = weakref.finalize(self, _stop, running, thread)
        return running


async def _pump(source: AsyncGenerator[T], items: SimpleQueue[T | None]) -> None:
    try:
        async with aclosing(source):
            async for item in source:
                items.put(item)
    finally:
        items.put(None)


def _do_nothing() -> None:
    pass


def _run(started: Future[_Running]) -> None:
    # psycopg needs a loop that watches sockets, which is not every platform's default.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_until_stopped(started))


async def _until_stopped(started: Future[_Running]) -> None:
    running = _Running(asyncio.get_running_loop(), asyncio.Event())
    started.set_result(running)
    await running.stopping.wait()


def _stop(running: _Running, thread: threading.Thread) -> None:
    running.loop.call_soon_threadsafe(running.stopping.set)
    if thread is not threading.current_thread():
        thread.join()
