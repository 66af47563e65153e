"""A plain Starlette application with a one-batch worker beside a page of its own.

PGFLOW_AUTH_SECRET=... uvicorn examples.starlette_app:app
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from pgflow import Flow
from pgflow.asgi import cron_worker

newsletter = Flow("newsletter")


@newsletter.step()
def readers(count: int) -> list[str]:
    return [f"reader {number}" for number in range(count)]


@newsletter.map(readers)
def send(reader: str) -> str:
    return f"sent to {reader}"


async def show_front_page(_: Request) -> PlainTextResponse:
    return PlainTextResponse("The newsletter goes out when the worker is asked to.")


def create_app(database_url: str | None = None) -> Starlette:
    """The application, on the database that the environment names unless another one is given."""
    worker = cron_worker(newsletter, database_url=database_url)
    return Starlette(routes=[Route("/", show_front_page), Mount("/worker", worker)])


app = create_app()
