"""The playground as an ASGI application: routes, and what stands around them."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import psycopg
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pgflow.errors import PgflowError
from pgflow.web import editing, flows, run_pages, runs, workers
from pgflow.web.asked import Nothing
from pgflow.web.calls import Call, Endpoint, get
from pgflow.web.events import stream_events
from pgflow.web.models import Session
from pgflow.web.openapi import document
from pgflow.web.pages import show_page
from pgflow.web.playground import Playground
from pgflow.web.refusals import refusal_of, refused
from pgflow.web.safety import Doorkeeper

Answering = Callable[[Playground, Request], Awaitable[Response]]


@get("/session", Nothing, Session)
async def show_session(call: Call[Nothing]) -> Session:
    """What the page is looking at, and what it may do."""
    return call.site.session()


ENDPOINTS: tuple[Endpoint, ...] = (
    show_session,
    *flows.ENDPOINTS,
    *editing.ENDPOINTS,
    *runs.ENDPOINTS,
    *run_pages.ENDPOINTS,
    *workers.ENDPOINTS,
)


def create_app(playground: Playground, *, token: str, hosts: Iterable[str]) -> Doorkeeper:
    """The application, to be served under `hosts` (names with the port) to who knows the token.

    Example:
        site = Playground(database_url="postgresql://localhost/shop")
        uvicorn.run(create_app(site, token="secret", hosts=["localhost:8000"]), port=8000)
    """
    return Doorkeeper(_application(playground), token, frozenset(hosts))


def _application(playground: Playground) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        await playground.close()

    return Starlette(
        routes=[*_api(playground), Route("/{path:path}", show_page, methods=["GET"])],
        exception_handlers={
            PgflowError: refusal_of,
            ValidationError: refusal_of,
            ValueError: refusal_of,
            psycopg.DataError: refusal_of,
            HTTPException: _http_refusal,
            Exception: refusal_of,
        },
        lifespan=lifespan,
    )


def _api(playground: Playground) -> list[Route]:
    special: dict[str, Answering] = {
        "/events": stream_events,
        "/openapi.json": _openapi,
        "/runs/{run_id}/payload": run_pages.run_value,
    }
    return [
        *(
            Route(f"/api{path}", functools.partial(answer, playground), methods=["GET"])
            for path, answer in special.items()
        ),
        *(endpoint.route(playground) for endpoint in ENDPOINTS),
    ]


async def _openapi(_: Playground, __: Request) -> Response:
    return JSONResponse(document(ENDPOINTS))


async def _http_refusal(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"{error.detail}".lower() if isinstance(error, HTTPException) else str(error)
    return refused(status, "not_found" if status == 404 else "invalid_request", message)  # noqa: PLR2004
