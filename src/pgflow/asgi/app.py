"""The applications: the one-batch worker, and the control plane of a worker that runs on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgflow.asgi.answers import Account, http_error
from pgflow.asgi.batches import DEFAULT_TIME_LIMIT, Batches
from pgflow.asgi.guard import Guard
from pgflow.asgi.order import BadOrder, read_order
from pgflow.asgi.plane import ControlPlane
from pgflow.client.connections import AsyncDatabase
from pgflow.definition.flow import Flow
from pgflow.worker import Worker
from pgflow.worker.meter import Meter
from pgflow.worker.worker import by_slug

if TYPE_CHECKING:
    from pgflow.config import Compilation
    from pgflow.telemetry import Telemetry


def cron_worker(
    flows: Flow[Any] | Iterable[Flow[Any]],
    *,
    database_url: str | None = None,
    auth_secret: str | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    shutdown_timeout: float = 30.0,
    executor: Literal["thread", "process"] | Executor = "thread",
    compilation: Compilation | None = None,
    name: str | None = None,
    direct_url: str | None = None,
    pooler: bool | None = None,
    telemetry: Telemetry | None = None,
) -> Starlette:
    """An ASGI application that works on one batch per request, then is idle until the next one.

    `POST /` with `{"flow_slug": "greet_user", "batch_size": 10, "max_concurrent": 5}` claims up to
    a batch, runs it and tells how many tasks completed. Failed tasks are retried as their flow
    says, by later requests. `GET /health`, `/flows`, `/flows/<slug>` and `/metrics` tell about it.

    Requests show `auth_secret` (or PGFLOW_AUTH_SECRET) as `Authorization: Bearer ..`; without one
    only programs of this machine are answered. After `time_limit` seconds a request claims no more
    and hands back what has not begun; what has begun gets `shutdown_timeout` seconds to end.
    The other options are those of `Worker`.

        app = cron_worker([greet_user])                      # uvicorn my_module:app
        api.mount("/worker", cron_worker([greet_user]))      # in FastAPI or Starlette
    """
    settings = {
        "database_url": database_url,
        "shutdown_timeout": shutdown_timeout,
        "executor": executor,
        "compilation": compilation,
        "name": name,
        "direct_url": direct_url,
        "pooler": pooler,
        "telemetry": telemetry,
    }
    served, meter = by_slug(flows), Meter()
    batches = Batches(served, meter, time_limit, MappingProxyType(settings))
    plane = ControlPlane(served, Guard.on_duty(auth_secret), meter, AsyncDatabase(database_url))
    return _application(plane, batches)


def control_plane(worker: Worker, *, auth_secret: str | None = None) -> Starlette:
    """An ASGI application that tells about a worker which runs in this process.

    async with worker:
        await uvicorn.Server(uvicorn.Config(control_plane(worker))).serve()
    """
    guard, database = Guard.on_duty(auth_secret), AsyncDatabase(worker.database_url)
    return _application(ControlPlane(worker.flows, guard, worker.meter, database))


def _application(plane: ControlPlane, batches: Batches | None = None) -> Starlette:
    routes = plane.routes()
    if batches is not None:
        work = plane.guarded(partial(_work, batches))
        routes.append(Route("/", work, methods=["POST"]))
    handlers: Mapping[Any, Any] = {HTTPException: http_error, Exception: http_error}
    return Starlette(routes=routes, exception_handlers=handlers)


async def _work(batches: Batches, request: Request) -> Response:
    try:
        order = await read_order(request)
    except BadOrder as error:
        return Account.guessed(error.given).error_answer(400, str(error))
    return await batches.answer(order)
