"""A small website on this machine, so that the demo needs no network."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

PAGES = files("pgflow.demo") / "pages"


@contextmanager
def serve_site(*, troubles: int = 0) -> Generator[str]:
    """The address of the website for the length of a block.

    It answers the first requests, as many as `troubles`, with "503 Service Unavailable".
    """
    server = _Site(troubles)
    thread = threading.Thread(target=server.serve_forever, name="demo-site", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, troubles: int) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self._troubles = threading.Semaphore(troubles)

    def answer(self, path: str) -> tuple[HTTPStatus, bytes]:
        if self._troubles.acquire(blocking=False):
            return HTTPStatus.SERVICE_UNAVAILABLE, b""
        known = {page.name: page for page in PAGES.iterdir()}
        page = known.get(path.lstrip("/") or "index.html")
        return (HTTPStatus.OK, page.read_bytes()) if page else (HTTPStatus.NOT_FOUND, b"")


class _Visit(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:  # noqa: N802  the name that http.server calls
        status, body = self.server.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  http.server's name
        """Says nothing: what happens is told by the runs."""
