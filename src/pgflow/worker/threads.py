"""Threads for sync handlers."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

logger = logging.getLogger("pgflow.worker.threads")

Job = Callable[[], object]


class Threads:
    """Up to `size` daemon threads that take jobs from one line.

    Not a ThreadPoolExecutor, for three reasons. A handler that never returns must not keep the
    process from ending. A thread lost to such a handler must be replaceable. And a thread that is
    woken wakes the next one only if it finds more to do: thirty short jobs are done by one or two
    threads in a row instead of thirty that fight for the interpreter, while jobs that block
    spread over all threads at once.
    """

    def __init__(self, size: int, *, name: str = "pgflow") -> None:
        self._size = size
        self._name = name
        self._alive = 0
        self._closed = False
        self._waking = False
        self._jobs: deque[Job] = deque()
        self._parked: list[threading.Lock] = []
        self._mutex = threading.Lock()

    def submit(self, job: Job) -> None:
        self._jobs.append(job)
        self._wake()

    def resize(self, by: int) -> None:
        """Allow more threads, or fewer: a thread too many ends when its job has."""
        with self._mutex:
            self._size += by
        if self._jobs:
            self._wake()

    def close(self) -> None:
        """End each thread as soon as it has nothing to do; waits for none."""
        with self._mutex:
            self._closed = True
            while self._parked:
                self._parked.pop().release()

    def _wake(self) -> None:
        with self._mutex:
            if self._waking:
                return
            if self._parked:
                self._waking = True
                self._parked.pop().release()
            elif self._alive < self._size and not self._closed:
                self._waking = True
                self._alive += 1
                threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _serve(self) -> None:
        bed = threading.Lock()
        bed.acquire()
        while (job := self._next(bed)) is not None:
            if self._jobs:
                self._wake()
            try:
                job()
            except BaseException:
                # A thread that ended with it would still count as one of `size`.
                logger.exception("a job has failed in a thread of handlers")

    def _next(self, bed: threading.Lock) -> Job | None:
        while True:
            with self._mutex:
                self._waking = False
                if self._alive > self._size or (self._closed and not self._jobs):
                    self._alive -= 1
                    return None
                if self._jobs:
                    return self._jobs.popleft()
                self._parked.append(bed)
            bed.acquire()
