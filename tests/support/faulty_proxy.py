"""A proxy in front of PostgreSQL that loses answers, cuts connections and goes silent on demand."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CHUNK = 65536


@dataclass(slots=True)
class Link:
    """A client's connection and the one that it is passed on to."""

    client: socket.socket
    server: socket.socket
    greeting: bytes = b""
    loses_answer_to: bytes | None = None
    asked: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class FaultyProxy:
    """Passes bytes between clients and the server's socket."""

    def __init__(self, url: str, address: str) -> None:
        self._url = url
        where = conninfo_to_dict(url)
        self._socket = f"{where['host']}/.s.PGSQL.{where.get('port') or 5432}"
        self._listener = socket.create_server((address, 0))
        self._links: list[Link] = []
        self._open = threading.Event()
        self._open.set()
        self._refuses = False
        self.answers_lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The database's URL through this proxy."""
        address, port = self._listener.getsockname()
        return make_conninfo(self._url, host=address, port=port, sslmode="disable")

    def lose_next_answer(self, purpose: str, *, to: str = "") -> None:
        """Pass on what these connections ask next; cut them when the server has answered.

        `purpose` is part of their application_name, `to` of the question that is meant.
        """
        for link in self._links:
            if purpose.encode() in link.greeting:
                link.loses_answer_to = to.encode()

    def cut(self) -> int:
        """Cut every connection; how many there were."""
        links, self._links = self._links, []
        for link in links:
            link.cut()
        return len(links)

    def fall_silent(self) -> None:
        """Pass nothing on any more and close nothing: what a broken network looks like."""
        self._open.clear()

    def speak_again(self) -> None:
        self._open.set()

    def refuse(self, *, refuses: bool = True) -> None:
        """Take no new connections."""
        self._refuses = refuses

    def close(self) -> None:
        self._listener.close()
        self._open.set()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        try:
            if self._refuses:
                raise ConnectionRefusedError
            server.connect(self._socket)
        except OSError:
            client.close()
            server.close()
            return
        link = Link(client, server)
        self._links.append(link)
        for pump in (self._questions, self._answers):
            threading.Thread(target=pump, args=[link], daemon=True).start()

    def _questions(self, link: Link) -> None:
        while said := self._read(link.client):
            link.greeting = link.greeting or said
            if link.loses_answer_to is not None and link.loses_answer_to in said:
                link.asked.set()
            if not self._write(link.server, said):
                break
        link.cut()
        link.client.close()

    def _answers(self, link: Link) -> None:
        while said := self._read(link.server):
            if link.asked.is_set():
                self.answers_lost += 1
                break
            if not self._write(link.client, said):
                break
        link.cut()
        link.server.close()

    def _read(self, end: socket.socket) -> bytes:
        try:
            said = end.recv(CHUNK)
        except OSError:
            return b""
        self._open.wait()
        return said

    def _write(self, end: socket.socket, said: bytes) -> bool:
        with suppress(OSError):
            end.sendall(said)
            return True
        return False


@contextmanager
def proxy_to(url: str, address: str = "127.0.0.1") -> Generator[FaultyProxy]:
    proxy = FaultyProxy(url, address)
    try:
        yield proxy
    finally:
        proxy.close()
