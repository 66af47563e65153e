"""From threads to the event loop, many letters in one delivery."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Hands what threads post to `receive`, on the event loop, in order.

    The loop is woken once for all letters that arrive before it comes to read them.
    """

    def __init__(self, receive: Callable[[T], None]) -> None:
        self._receive = receive
        self._letters: deque[T] = deque()
        self._announced = False
        self._loop = asyncio.get_running_loop()

    def post(self, letter: T) -> None:
        self._letters.append(letter)
        if not self._announced:
            self._announced = True
            # A handler that outlives its worker has nobody to write to.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._announced = False
        try:
            while self._letters:
                self._receive(self._letters.popleft())
        finally:
            # One that cannot be received keeps none of the others.
            if self._letters:
                self._loop.call_soon(self._deliver)
