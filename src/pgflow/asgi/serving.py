"""Workers on a port: `pgflow worker --http`, with and without `--once-per-request`."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Any, Self

from pgflow import serving
from pgflow.asgi.app import control_plane
from pgflow.errors import DeploymentError
from pgflow.worker import Worker

EVERYWHERE = "0.0.0.0"  # noqa: S104  what `:8080` means to everybody
HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`HOST:PORT`; `:8080` is every address of the machine, `8080` this machine only.

        Raises `ValueError` for anything else.

        Example:
            >>> Address.parse(":8080")
            Address(host='0.0.0.0', port=8080)
        """
        host, colon, port = text.rpartition(":")
        if not port.isascii() or not port.isdecimal() or int(port) > HIGHEST_PORT:
            message = f"'{text}' is no address to listen on, expected HOST:PORT, such as :8080"
            raise ValueError(message)
        default = EVERYWHERE if colon else "127.0.0.1"
        return cls(host.strip("[]") or default, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def listen(self) -> socket.socket:
        """A socket there; a `DeploymentError` says why there can be none."""
        family = socket.AF_INET6 if _is_ipv6(self.host) else socket.AF_INET
        try:
            return serving.listen(self.host, self.port, family=family)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"cannot listen on {self}: {reason}. Choose another address with --http"
            raise DeploymentError(message) from error


class Server(serving.Server):
    """An application on a socket, until it is told to stop. Requests in flight are answered."""

    def __init__(self, app: Any, listening: socket.socket, *, heeds_signals: bool) -> None:
        super().__init__(
            app, listening, heeds_signals=heeds_signals, log_config=None, lifespan="off"
        )


async def serve(app: Any, listening: socket.socket) -> None:
    """Serve an application until SIGINT or SIGTERM."""
    await Server(app, listening, heeds_signals=True).run_here()


async def run_with_control_plane(worker: Worker, listening: socket.socket) -> None:
    """Run a worker until it ends, and answer questions about it meanwhile."""
    server = Server(control_plane(worker), listening, heeds_signals=False)
    serving = asyncio.create_task(server.run_here())
    try:
        await worker.run()
    finally:
        server.should_exit = True
        await serving


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6  # noqa: PLR2004
    except ValueError:
        return False
