"""Who may talk to the playground: the browser of whoever started it, and nobody through it.

A page that listens on loopback is reachable by every web site that the user visits. So a request
must bear a name of ours as its Host (else a foreign name was pointed at this machine), must not
come from a page of another origin, and must know the token that was printed at the start.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pgflow.web.refusals import refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

API = "/api"
READING = ("GET", "HEAD")
LARGEST_BODY = 16_000_000
A_YEAR = 365 * 24 * 3600

HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'none'"
        ),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
)
_STRANGER = """<!doctype html><html lang="en"><meta charset="utf-8"><title>pgflow playground</title>
<h1>This page needs its token</h1>
<p>Open the URL that was printed in the terminal when the playground was started.</p></html>"""


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Lets in who knows the token and asks from here. An ASGI application around another one.

    `hosts` are the names, with the port, under which the server may be addressed.
    """

    application: Application
    token: str
    hosts: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        answer = self._judge(Request(scope))
        await (answer or self.application)(scope, receive, _with_headers(send))

    def _judge(self, request: Request) -> Response | None:
        """What to answer instead of what was asked for; None to let the request in."""
        if complaint := self._complaint(request):
            return refused(403, "forbidden", complaint)
        if request.method not in (*READING, "POST"):
            return refused(405, "invalid_request", f"{request.method} is not served here")
        shown = request.query_params.get("token")
        if shown is not None and request.method == "GET" and not _is_api(request):
            return self._welcome(request) if self._is_token(shown) else _stranger()
        if not self._is_known(request):
            return _unauthorized() if _is_api(request) else _stranger()
        return _unreadable(request) if request.method == "POST" else None

    def _complaint(self, request: Request) -> str | None:
        named = request.headers.getlist("host")
        if len(named) != 1 or named[0].lower() not in self.hosts:
            return (
                f"the request asks for host {', '.join(named) or 'nobody'}, expected "
                f"{' or '.join(sorted(self.hosts))}. Use the URL that was printed at the start"
            )
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "none")
        is_foreign = _is_api(request) and site not in ("same-origin", "none")
        if is_foreign or origin not in (None, f"{request.url.scheme}://{named[0]}"):
            return f"the request comes from another site ({origin or site}), which is not allowed"
        return None

    def _is_known(self, request: Request) -> bool:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        return self._is_token(request.cookies.get(self._cookie(request), "")) or (
            scheme.lower() == "bearer" and self._is_token(bearer)
        )

    def _is_token(self, shown: str) -> bool:
        return secrets.compare_digest(shown.encode(), self.token.encode())

    def _welcome(self, request: Request) -> Response:
        """The same page, with the token in a cookie instead of the address bar."""
        others = [pair for pair in request.query_params.multi_items() if pair[0] != "token"]
        place = "/" + request.url.path.lstrip("/")
        answer = RedirectResponse(f"{place}?{urlencode(others)}" if others else place, 303)
        answer.set_cookie(
            self._cookie(request), self.token, max_age=A_YEAR, httponly=True, samesite="strict"
        )
        return answer

    def _cookie(self, request: Request) -> str:
        # Cookies do not tell ports apart: two playgrounds would throw each other out.
        return f"pgflow_{request.url.port or 80}"


def _is_api(request: Request) -> bool:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return path == API or path.startswith(f"{API}/")


def _unreadable(request: Request) -> Response | None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # A form of another site can send any other type without asking first.
        return refused(400, "invalid_request", f"content type is '{kind}', expected JSON")
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return refused(
            400, "invalid_request", f"the body has to say its length, at most {LARGEST_BODY} bytes"
        )
    return None


def _unauthorized() -> Response:
    return refused(
        401, "unauthorized", "the token is missing. Open the URL that was printed at the start"
    )


def _stranger() -> Response:
    return HTMLResponse(_STRANGER, 401)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            headers = {**HEADERS, "cache-control": "no-store"}
            message["headers"] = [
                *message["headers"],
                *(
                    (name.encode(), value.encode())
                    for name, value in headers.items()
                    if name.encode() not in present
                ),
            ]
        await send(message)

    return send_with_headers
