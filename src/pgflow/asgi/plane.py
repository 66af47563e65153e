"""The control plane: what a worker tells about itself, its flows and their queues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pgflow import operations, statements
from pgflow.asgi.answers import refused, unauthorized
from pgflow.asgi.batches import not_served
from pgflow.asgi.prometheus import CONTENT_TYPE, Backlog, exposition
from pgflow.client.connections import AsyncDatabase
from pgflow.client.failures import unreachable
from pgflow.definition.compile import compile_flow
from pgflow.errors import PgflowError

if TYPE_CHECKING:
    from pgflow.asgi.guard import Guard
    from pgflow.definition.flow import Flow
    from pgflow.worker.meter import Meter

logger = logging.getLogger("pgflow.asgi")

Answering = Callable[[Request], Awaitable[Response]]

# Who asks for health has given up by then (seconds).
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Answers questions about a worker; `database` is where it works."""

    flows: Mapping[str, Flow[Any]]
    guard: Guard
    meter: Meter
    database: AsyncDatabase = field(repr=False)

    def routes(self) -> list[Route]:
        """The paths, each of which only who may ask gets an answer on.

        Health is open to everybody once there is a secret: load balancers know none.
        """
        return [
            Route("/health", self.show_health, methods=["GET"]),
            Route("/flows", self.guarded(self.list_flows), methods=["GET"]),
            Route("/flows/{flow_slug}", self.guarded(self.show_flow), methods=["GET"]),
            Route("/metrics", self.guarded(self.show_metrics), methods=["GET"]),
        ]

    def guarded(self, answer: Answering) -> Answering:
        """The same answer, for those whom the guard lets in."""
        return partial(self._answer_friends, answer)

    async def show_health(self, request: Request) -> Response:
        """200 while the process lives and the database answers, else 503."""
        if self.guard.secret is None and (complaint := self.guard.complaint(request)):
            return unauthorized(complaint)
        trouble = await self._trouble()
        if trouble is None:
            return JSONResponse({"status": "ok", "database": "ok"})
        # Strangers learn that something is wrong, and the log what it is.
        logger.warning("health: %s", trouble)
        answer = {"status": "error", "database": "unreachable"}
        return JSONResponse({**answer, "error": "the database does not answer"}, 503)

    async def list_flows(self, _: Request) -> Response:
        """The flows that are served, with their steps."""
        flows = [{"flowSlug": slug, "steps": list(flow.steps)} for slug, flow in self.flows.items()]
        return JSONResponse({"flows": flows})

    async def show_flow(self, request: Request) -> Response:
        """The SQL that registers a flow."""
        slug = request.path_params["flow_slug"]
        if slug not in self.flows:
            return refused(404, not_served(slug, self.flows))
        return JSONResponse({"flowSlug": slug, "sql": compile_flow(self.flows[slug].shape())})

    async def show_metrics(self, _: Request) -> Response:
        """Metrics for Prometheus; those of the queues while the database tells them."""
        is_up = await self._trouble() is None
        backlogs = await self._backlogs() if is_up else None
        return PlainTextResponse(
            exposition(self.meter, backlogs, is_up=is_up), media_type=CONTENT_TYPE
        )

    async def _answer_friends(self, answer: Answering, request: Request) -> Response:
        complaint = self.guard.complaint(request)
        return unauthorized(complaint) if complaint else await answer(request)

    async def _trouble(self) -> str | None:
        """What keeps the database from answering."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.database.fetch(statements.current_backend())
        except psycopg.OperationalError as error:
            return str(unreachable(error))
        except TimeoutError:
            return f"no answer within {PATIENCE:g} s"
        except PgflowError as error:
            return str(error)
        return None

    async def _backlogs(self) -> list[Backlog] | None:
        try:
            rows = await self.database.fetch(operations.queue_depths())
        except (psycopg.Error, PgflowError) as error:
            logger.warning("metrics without the queues: %s", error)
            return None
        return [
            Backlog(row.flow_slug, row.due, row.oldest_due.total_seconds(), row.hidden)
            for row in rows
            if row.flow_slug in self.flows
        ]
