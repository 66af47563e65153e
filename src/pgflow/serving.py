"""An HTTP server in the event loop of its program."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from pgflow.interrupts import obeying_signals


def listen(host: str, port: int, *, family: int = socket.AF_INET) -> socket.socket:
    """A socket that listens, for a `Server`; raises `OSError` where there can be none."""
    # Named as TCP, because asyncio sets no TCP_NODELAY otherwise: 40 ms for each answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # A port that is only bound could be bound by a second program as well.
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


class Server(uvicorn.Server):
    """An application on a socket, until it is told to stop. `settings` are those of uvicorn."""

    def __init__(
        self, app: Any, listening: socket.socket, *, heeds_signals: bool = True, **settings: Any
    ) -> None:
        # The access log would tell tokens.
        super().__init__(uvicorn.Config(app, access_log=False, **settings))
        self._listening = listening
        self._heeds_signals = heeds_signals

    async def run_here(self) -> None:
        """Serve in the event loop that runs, until SIGINT or SIGTERM if it heeds them."""
        await self.serve(sockets=[self._listening])

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # What uvicorn does here would raise the signal again after its end, as a traceback.
        if not self._heeds_signals:
            yield
            return
        with obeying_signals(lambda number: self.handle_exit(number, None)):
            yield
