"""The playground on a port of this machine."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass, field
from types import FrameType

from pgflow import serving
from pgflow.errors import DeploymentError
from pgflow.web.app import create_app
from pgflow.web.playground import Playground

PORT = 7437
PORTS_TRIED = 20
# Requests in flight have that long once the server is told to stop (seconds).
GRACE = 2


@dataclass(slots=True)
class Address:
    """A port of the loopback interface, and the token that opens what is served there."""

    listening: socket.socket
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @classmethod
    def reserve(cls, port: int | None = None, *, token: str | None = None) -> Address:
        """Take a port: the one that is asked for, else the first free one from 7437 on."""
        candidates = [port] if port is not None else [*range(PORT, PORT + PORTS_TRIED), 0]
        reason = ""
        for candidate in candidates:
            try:
                listening = serving.listen("127.0.0.1", candidate)
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                return cls(listening, token) if token else cls(listening)
        message = f"port {port} cannot be used: {reason.lower()}. Choose another one with --port"
        raise DeploymentError(message)

    @property
    def port(self) -> int:
        return self.listening.getsockname()[1]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the server may be addressed."""
        return (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    @property
    def url(self) -> str:
        """Where to open the page; the token in it is for one's own browser."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"


class Server(serving.Server):
    """Serves a playground until it is told to stop. Its streams end at once, not with the pages."""

    def __init__(self, playground: Playground, address: Address) -> None:
        app = create_app(playground, token=address.token, hosts=address.hosts)
        super().__init__(
            app, address.listening, log_level="warning", timeout_graceful_shutdown=GRACE
        )
        self._playground = playground

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._playground.newsroom.end_streams()
        super().handle_exit(sig, frame)
