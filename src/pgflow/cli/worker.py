"""`pgflow worker`: runs handlers."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from pgflow.cli.commands import command, find_database
from pgflow.cli.parameters import address as parse_address
from pgflow.cli.sources import flows_argument, load_sources, named_or_configured
from pgflow.cli.ui import needed

if TYPE_CHECKING:
    from pgflow.asgi.serving import Address
    from pgflow.cli.logs import LogFormat
    from pgflow.loading import FlowSource
    from pgflow.telemetry import Telemetry

NOTHING_TO_DO = 3


@command()
@flows_argument
@click.option("--concurrency", type=click.IntRange(min=1), help="Handlers that run at a time.")
@click.option("--processes", type=click.IntRange(min=1), default=1, help="Processes that work.")
@click.option(
    "--executor",
    type=click.Choice(["thread", "process"]),
    default="thread",
    help="Where handlers run that are not async.",
)
@click.option("--name", help="What the worker is called; by default <file name>-worker.")
@click.option(
    "--shutdown-timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    metavar="SECONDS",
    help="How long handlers may go on after the first signal.",
)
@click.option(
    "--once",
    is_flag=True,
    help=f"End when nothing is left to do; exit code {NOTHING_TO_DO} if there was nothing at all.",
)
@click.option(
    "--http",
    "address",
    metavar="HOST:PORT",
    type=parse_address,
    help="Answer GET /health, /flows, /flows/SLUG and /metrics there.",
)
@click.option(
    "--once-per-request",
    is_flag=True,
    help="With --http: work on one batch per POST request, and not otherwise.",
)
@click.option("--log-format", type=click.Choice(["console", "json"]), default="console")
@click.option("--database-url", metavar="URL", help="The database, found like everywhere else.")
def worker(
    *,
    names: tuple[str, ...],
    processes: int,
    once: bool,
    address: Address | None,
    once_per_request: bool,
    log_format: LogFormat,
    database_url: str | None,
    **settings: Any,
) -> None:
    """Run a worker, which runs the handlers of flows.

    Flows that the database lacks are registered first. After SIGTERM or Ctrl-C handlers may finish;
    a second signal hands their tasks back at once.

    \b
    Example:
      pgflow worker flows/order.py --concurrency 64
      pgflow worker shop.flows --processes 4 --executor process
      pgflow worker shop.flows --http :8080 --once-per-request
    """
    from pgflow.cli import logs

    _check(processes=processes, once=once, address=address, once_per_request=once_per_request)
    logs.configure(log_format)
    names = named_or_configured(names)
    sources = load_sources(names)
    settings["name"] = settings["name"] or sources[0].worker_name
    again = [*names, "--log-format", log_format, *_as_arguments(settings)]
    settings["telemetry"] = _telemetry()
    with _held(database_url):
        if address and once_per_request:
            _serve_batches(sources, database_url, address, settings)
        elif address:
            _work_and_answer(sources, database_url, address, settings)
        elif processes == 1:
            _work(sources, database_url, once=once, settings=settings)
        else:
            _supervise(sources, database_url, again, processes=processes)


@contextmanager
def _held(database_url: str | None) -> Generator[None]:
    """Keeps the embedded database running when all others leave it, where that is the one."""
    from pgflow.embedded import project_database

    # A database that nobody can mean is refused here, before anything is served.
    found, embedded = find_database(database_url), project_database()
    with embedded.hold() if found.value == embedded.running_url else nullcontext():
        yield


def _telemetry() -> Telemetry | None:
    """What writes traces and metrics, where the project or the environment asks for it."""
    from pgflow.config import Config

    if not Config.load().telemetry:
        return None
    with needed("otel"):
        from pgflow.telemetry import Telemetry
    return Telemetry()


def _check(*, processes: int, once: bool, address: Address | None, once_per_request: bool) -> None:
    """Refuse options that do not go together."""
    message = ""
    if once and processes > 1:
        message = "--once works in one process. Leave out --processes"
    elif address and processes > 1:
        message = "--http works in one process. Leave out --processes"
    elif address and once:
        message = "--once ends, and --http goes on. Leave one of them out"
    elif once_per_request and not address:
        message = "--once-per-request needs a port. Add --http HOST:PORT"
    if message:
        raise click.UsageError(message)


def _serve_batches(
    sources: Sequence[FlowSource],
    database_url: str | None,
    address: Address,
    settings: Mapping[str, Any],
) -> None:
    import asyncio

    from pgflow.asgi import cron_worker
    from pgflow.asgi.serving import serve
    from pgflow.loading import flows_of

    # How many handlers run at a time, each request says.
    kept = {name: value for name, value in settings.items() if name != "concurrency"}
    app = cron_worker(flows_of(sources), database_url=database_url, **kept)
    asyncio.run(serve(app, address.listen()))


def _work_and_answer(
    sources: Sequence[FlowSource],
    database_url: str | None,
    address: Address,
    settings: Mapping[str, Any],
) -> None:
    from pgflow.asgi.serving import run_with_control_plane
    from pgflow.loading import flows_of
    from pgflow.worker import Worker
    from pgflow.worker.loop import run

    worker = Worker(flows_of(sources), database_url=database_url, **settings)
    run(run_with_control_plane(worker, address.listen()))


def _work(
    sources: Sequence[FlowSource],
    database_url: str | None,
    *,
    once: bool,
    settings: Mapping[str, Any],
) -> None:
    import asyncio

    from pgflow.loading import flows_of
    from pgflow.worker import Worker
    from pgflow.worker.supervisor import DRAINED, end_with_supervisor

    worker = Worker(flows_of(sources), database_url=database_url, **settings)
    is_supervised = end_with_supervisor()
    if not once:
        worker.run_sync()
        raise click.exceptions.Exit(DRAINED if is_supervised else 0)
    tally = asyncio.run(worker.run_until_idle())
    click.echo(f"{tally.completed} tasks completed, {tally.failed} attempts failed")
    if not tally.processed:
        raise click.exceptions.Exit(NOTHING_TO_DO)


def _supervise(
    sources: Sequence[FlowSource],
    database_url: str | None,
    arguments: Sequence[str],
    *,
    processes: int,
) -> None:
    import asyncio

    from pgflow.deployment.compilation import compile_at_start
    from pgflow.loading import flows_of
    from pgflow.worker.supervisor import supervise

    url = find_database(database_url).value
    # A refusal ends the program here, instead of ending one process after the other for ever.
    asyncio.run(compile_at_start(url, flows_of(sources)))
    command = [sys.executable, "-m", "pgflow", "worker", *arguments]

    variables = _variables(database_url, url)
    asyncio.run(supervise(command, processes=processes, variables=variables))


def _variables(said: str | None, url: str) -> Mapping[str, str]:
    """The environment of a worker process. The URL goes there, because everybody sees arguments."""
    from pgflow.environment import DATABASE_URL_VARIABLE, DIRECT_URL_VARIABLE

    if said is None:
        return os.environ
    beside = {name: value for name, value in os.environ.items() if name != DIRECT_URL_VARIABLE}
    return {**beside, DATABASE_URL_VARIABLE: url}


def _as_arguments(settings: Mapping[str, Any]) -> list[str]:
    given = {name: value for name, value in settings.items() if value is not None}
    return [
        word
        for name, value in given.items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
