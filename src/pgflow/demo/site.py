"""A small website on this machine, so that the demo needs no network."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

PAGES = files("pgflow.demo") / "pages"


@contextmanager
def serve_site(*, troubles: int = 0) -> Generator[str]:
    """The address of the website for the length of a block.

    It answers the first requests, as many as `troubles`, with "503 Service Unavailable".
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Visit, site=_Site(troubles)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=[0.02], name="demo-site")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Site:
    """The pages, and how often it is still out of order."""

    def __init__(self, troubles: int) -> None:
        self._troubles = threading.Semaphore(troubles)
        self._pages = {page.name: page.read_bytes() for page in PAGES.iterdir()}

    def answer(self, path: str) -> tuple[HTTPStatus, bytes]:
        if self._troubles.acquire(blocking=False):
            return HTTPStatus.SERVICE_UNAVAILABLE, b""
        page = self._pages.get(path.lstrip("/") or "index.html")
        return (HTTPStatus.NOT_FOUND, b"") if page is None else (HTTPStatus.OK, page)


class _Visit(BaseHTTPRequestHandler):
    """One request; http.server makes these."""

    def __init__(self, *args: Any, site: _Site) -> None:
        self._site = site
        super().__init__(*args)

    def do_GET(self) -> None:
        status, body = self._site.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the runs tell what happens."""
