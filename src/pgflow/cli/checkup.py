"""What is good and what is bad about a database: each finding with its cure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

from pgflow import operations, schema, statements
from pgflow.client.connections import AsyncDatabase, fetch
from pgflow.durations import duration
from pgflow.errors import DeploymentError

if TYPE_CHECKING:
    from pgflow.operations import (
        BrokenInvariantRow,
        EngineRow,
        QueueDepthRow,
        ServerRow,
        WorkerRow,
    )
    from pgflow.statements import MigrationRow, Statement

T = TypeVar("T")

OLDEST_SERVER = 140000
CLOCK_TOLERANCE = timedelta(seconds=2)
LONG_WAIT = timedelta(minutes=1)
SHOWN_CONTRADICTIONS = 5


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `cure` is what to do about it."""

    level: Level
    subject: str
    text: str
    cure: str | None = None


def ok(subject: str, text: str) -> Finding:
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, cure: str) -> Finding:
    return Finding(Level.WARNING, subject, text, cure)


def problem(subject: str, text: str, cure: str) -> Finding:
    return Finding(Level.PROBLEM, subject, text, cure)


class Ask(Protocol):
    """Runs a statement on the database that is examined."""

    async def __call__(self, statement: Statement[T], /) -> list[T]: ...


async def examine(database_url: str) -> list[Finding]:
    """Looks at everything that can be looked at with the rights of the user."""
    async with await AsyncDatabase(database_url).connect() as connection:

        async def ask(statement: Statement[T], /) -> list[T]:
            return await fetch(connection, statement)

        [backend] = await ask(statements.current_backend())
        is_pooled = backend.pid != connection.info.backend_pid
        return [of_pooler(is_pooled=is_pooled), *await _of_database(ask)]


async def _of_database(ask: Ask) -> list[Finding]:
    asked = datetime.now(UTC)
    [server] = await ask(operations.look_at_server())
    answered = datetime.now(UTC)
    findings = [*of_server(server), of_clock(server.now - (asked + (answered - asked) / 2))]
    if not server.has_engine:
        return [*findings, no_engine(server)]
    if not server.may_enter:
        return [*findings, no_entrance(server)]
    return [*findings, *await _of_engine(ask)]


async def _of_engine(ask: Ask) -> list[Finding]:
    version = of_migrations(await ask(statements.applied_migrations()))
    if version.level is Level.PROBLEM:
        # The tables and functions to look at are those of another version.
        return [version]
    engines = await ask(operations.look_at_engine())
    if not engines:
        return [version, half_an_engine()]
    findings = [version, *of_engine(engines[0])]
    if not engines[0].may_read:
        return [*findings, not_looked_at()]
    workers = await ask(operations.list_workers(with_stopped=False))
    queues = await ask(operations.queue_depths())
    contradictions = await ask(operations.check_invariants())
    return [
        *findings,
        *of_workers(workers),
        *of_queues(queues, workers),
        *of_contradictions(contradictions),
    ]


def of_server(server: ServerRow) -> Iterator[Finding]:
    """Version, standby, durability, extensions."""
    if server.version_num < OLDEST_SERVER:
        yield problem("server", f"PostgreSQL {server.version} is too old", "Upgrade to 14 or newer")
    else:
        yield ok("server", f"PostgreSQL {server.version}")
    if server.is_standby:
        yield problem("server", "it is a standby, which takes no writes", "Connect to the primary")
    if server.fsync == "off":
        yield warning(
            "server", "fsync is off: a crash may lose what was committed", "Set fsync = on"
        )
    for name, found in (("pg_cron", server.pg_cron), ("pg_net", server.pg_net)):
        yield ok("extension", f"{name} {found}" if found else f"{name} is not installed (optional)")


def of_clock(skew: timedelta) -> Finding:
    """How far the clock of the server is ahead of the one of this machine."""
    if abs(skew) <= CLOCK_TOLERANCE:
        return ok("clock", f"{duration(abs(skew))} apart from this machine's")
    return warning(
        "clock",
        f"the server's is {duration(abs(skew))} {'ahead of' if skew > timedelta() else 'behind'} "
        "this machine's: deadlines in handlers will be off",
        "Let both set their clocks by NTP",
    )


def of_pooler(*, is_pooled: bool) -> Finding:
    """Whether something between us and the server shares its connections out."""
    if not is_pooled:
        return ok("connection", "direct: workers and waiters are notified")
    return warning(
        "connection",
        "through a transaction pooler: workers and waiters poll",
        "For latencies of milliseconds set PGFLOW_DIRECT_URL to a URL that leads past it",
    )


def no_engine(server: ServerRow) -> Finding:
    """The database has no engine."""
    if server.may_create:
        return problem("engine", "it is not installed", "Install it with: pgflow install")
    return problem(
        "engine",
        f"it is not installed, and user '{server.user}' may not create schemas",
        "Let the owner of the database run: pgflow install",
    )


def half_an_engine() -> Finding:
    """Its migrations were applied by something else than an install."""
    return problem(
        "engine",
        "only a part of it is installed: pgflow.installation has no row",
        "Install the rest with: pgflow install",
    )


def no_entrance(server: ServerRow) -> Finding:
    """The user may not even look at the engine."""
    return problem(
        "privileges",
        f"user '{server.user}' may not use schema pgflow",
        f"Run `pgflow install --roles`, and grant one of the roles to {server.user}",
    )


def of_migrations(applied: Sequence[MigrationRow]) -> Finding:
    """Whether this package and the engine's tables belong together."""
    try:
        schema.judge([(migration.number, migration.breaking) for migration in applied])
    except DeploymentError as error:
        text, _, cure = str(error).partition(". ")
        return problem("engine", text, cure)
    return ok("engine", f"schema {max(migration.number for migration in applied)}")


def of_engine(engine: EngineRow) -> Iterator[Finding]:
    """Its functions, the queue below, and what the user may do."""
    if engine.functions_sha256 == schema.functions_sha256():
        yield ok("engine", f"version {engine.engine_version}, pgmq {engine.pgmq_version}")
    else:
        yield warning(
            "engine",
            f"version {engine.engine_version} has other functions than this package brings",
            "Bring them up to date with: pgflow install",
        )
    may = {"read": engine.may_read, "start runs": engine.may_start, "work": engine.may_work}
    granted = [name for name, is_granted in may.items() if is_granted]
    if granted:
        yield ok("privileges", f"this user may {' and '.join(granted)}")
    else:
        yield problem(
            "privileges",
            "this user may neither read nor start runs nor work",
            "Grant it pgflow_viewer, pgflow_client or pgflow_worker (pgflow install --roles)",
        )


def not_looked_at() -> Finding:
    """What needs the right to read."""
    return warning(
        "data",
        "workers, queues and runs were not looked at, because this user may not read",
        "Let a user with pgflow_viewer, or the owner of the engine, run: pgflow doctor",
    )


def of_workers(workers: Sequence[WorkerRow]) -> Iterator[Finding]:
    """Who works, and who should but does not."""
    states = [worker.state for worker in workers]
    alive = states.count("alive") + states.count("draining")
    yield ok("workers", f"{alive} at work")
    for worker in workers:
        if worker.state in ("dead", "silent"):
            yield warning(
                "workers",
                f"worker {worker.worker_id} ({worker.function_name}) is {worker.state} since "
                f"{worker.last_heartbeat_at.astimezone():%Y-%m-%d %H:%M:%S}",
                "Others take over what it holds as long as one lives: pgflow worker FLOWS",
            )


def of_queues(queues: Sequence[QueueDepthRow], workers: Sequence[WorkerRow]) -> Iterator[Finding]:
    """What waits, and whether somebody will take it."""
    served = {slug for worker in workers if worker.state == "alive" for slug in worker.flow_slugs}
    due = sum(queue.due for queue in queues)
    yield ok("queues", f"{_counted(due, 'task')} due in {_counted(len(queues), 'flow')}")
    for queue in queues:
        waits = (
            f"flow '{queue.flow_slug}' has {_counted(queue.due, 'task')} due "
            f"since {duration(queue.oldest_due)}"
        )
        if queue.due and queue.flow_slug not in served:
            yield warning("queues", f"{waits} and no worker", "Start one with: pgflow worker FLOWS")
        elif queue.oldest_due > LONG_WAIT:
            yield warning(
                "queues", f"{waits}: its workers do not keep up", "Start more: pgflow worker FLOWS"
            )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def of_contradictions(contradictions: Sequence[BrokenInvariantRow]) -> Iterator[Finding]:
    """Whether what is stored is sound."""
    if not contradictions:
        yield ok("data", "runs, steps, tasks and queues agree with each other")
    for each in contradictions[:SHOWN_CONTRADICTIONS]:
        yield problem(
            "data",
            f"broken rule: {each.invariant}. {each.detail}",
            "Report it with this line; cancel and retry the run to go on",
        )
    more = len(contradictions) - SHOWN_CONTRADICTIONS
    if more > 0:
        yield problem(
            "data",
            f"{more} more contradictions",
            "See all: select * from pgflow.check_invariants()",
        )
