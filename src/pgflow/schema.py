"""The engine's way into a database: compose its SQL, install it, upgrade it, judge what is there.

A fresh install is schema, functions and views; an upgrade is the pending migrations, then functions
and views again. Both texts come from `compose`; `pgflow install --print` prints the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import LiteralString, cast

import psycopg
from psycopg import sql

from pgflow.errors import DatabaseUnavailable, DeploymentError, EngineMismatch, EngineMissing

ENGINE_VERSION = version("pgflow-py")
MINIMUM_SERVER = 140000
INSTALL_COMMAND = "pgflow install"
BUNDLE = ("functions", "views", "planning", "privileges")
# One installer at a time, whatever the process or machine.
INSTALL_LOCK = 72672026


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered change of the tables. Breaking: older packages cannot work with what it leaves."""

    number: int
    name: str
    sha256: str
    sql: str

    @property
    def breaking(self) -> bool:
        return "-- breaking" in self.sql.splitlines()[:3]


@dataclass(frozen=True, slots=True)
class Installation:
    """What an install found (None: nothing), and the migrations that it applied."""

    previous_version: str | None
    engine_version: str
    applied: tuple[str, ...]
    changed: bool


@cache
def migrations() -> tuple[Migration, ...]:
    """Every migration, in order."""
    return tuple(
        Migration(
            number=int(file.name[:4]),
            name=file.name.removesuffix(".sql"),
            sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            sql=file.read_text("utf-8"),
        )
        for file in _sql_files("migrations")
    )


@cache
def compose_functions() -> str:
    """All functions and views, each `create or replace`, how they are planned, who may use them."""
    return _join([file for part in BUNDLE for file in _sql_files(part)])


@cache
def compose_schema() -> str:
    """The tables and types of the newest version."""
    return _join(_sql_files("schema"))


def functions_sha256() -> str:
    """The hash by which a database tells whether its functions are these."""
    return hashlib.sha256(compose_functions().encode()).hexdigest()


def compose(applied: Sequence[int] = ()) -> str:
    """The SQL that brings a database with those migrations to this version; none: all of it."""
    pending = [m for m in migrations() if m.number not in applied]
    tables = "\n".join(m.sql for m in pending) if applied else compose_schema()
    return "\n".join(
        (
            "set local check_function_bodies to off;",
            tables,
            "\n".join(_ledger_row(migration) for migration in pending),
            compose_functions(),
            _installation_row(),
        )
    )


def install(database: str | psycopg.Connection) -> Installation:
    """Installs or upgrades the engine, in one transaction; a second call changes nothing.

    `database` is a connection URL or a connection. Callers that race wait for each other. Needs the
    right to create schemas in the database, not a superuser.
    """
    if isinstance(database, psycopg.Connection):
        return _install(database)
    try:
        with psycopg.connect(database, autocommit=True) as connection:
            return _install(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DeploymentError(
            f"cannot install the engine: {error.diag.message_primary}. "
            f"Let the owner of the database run: {INSTALL_COMMAND}"
        ) from error
    except psycopg.OperationalError as error:
        reason = str(error).partition("\n")[0]
        raise DatabaseUnavailable(
            f"cannot install the engine: {reason}. "
            "Look at the database URL and whether the server runs"
        ) from error


def install_pgmq(connection: psycopg.Connection) -> None:
    """Brings the queue: the extension where the server offers it, else the SQL that PyPI bundles.

    That script fails when it runs twice, and has no upgrade path: what is there stays.
    `pgflow.installation` says which version it is.
    """
    if _exists(connection, "pgmq.meta"):
        return
    offered = connection.execute(
        "select from pg_available_extensions where name = 'pgmq'"
    ).fetchone()
    if offered is not None:
        try:
            with connection.transaction():
                connection.execute("create extension pgmq")
        except psycopg.errors.InsufficientPrivilege:
            pass
        else:
            return
    _execute_script(connection, (files("pgmq.sql") / "pgmq.sql").read_text("utf-8"))


def judge(applied: Sequence[tuple[int, bool]] | None) -> None:
    """Raises unless this package works with an engine whose ledger is (number, breaking) rows.

    None stands for no engine at all. A newer engine is fine as long as none of its migrations that
    this package does not know is a breaking one.
    """
    if not applied:
        raise EngineMissing(
            f"the database has no pgflow engine, expected version {ENGINE_VERSION}. "
            f"Install it with: {INSTALL_COMMAND}"
        )
    latest, found = migrations()[-1].number, max(number for number, _ in applied)
    if found < latest:
        raise EngineMismatch(
            f"the engine is too old: schema {found} in the database, pgflow {ENGINE_VERSION} needs "
            f"schema {latest}. Upgrade it with: {INSTALL_COMMAND}"
        )
    if any(breaking for number, breaking in applied if number > latest):
        raise EngineMismatch(
            f"the engine is too new: schema {found} in the database, pgflow {ENGINE_VERSION} knows "
            f"schema {latest}. Upgrade the package with: pip install --upgrade pgflow-py"
        )


def _install(connection: psycopg.Connection) -> Installation:
    if connection.info.server_version < MINIMUM_SERVER:
        raise DeploymentError(
            f"PostgreSQL {connection.info.server_version // 10000} is too old, expected 14 or "
            "newer. Upgrade the server"
        )
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [INSTALL_LOCK])
        applied = _applied_migrations(connection)
        previous, functions = _installed(connection) if applied else (None, None)
        if previous and applied[-1] > migrations()[-1].number:
            # Functions of ours would not fit its tables: an older package leaves it as it is.
            judge(_ledger(connection))
            return Installation(previous, previous, (), changed=False)
        pending = [m.name for m in migrations() if m.number not in applied]
        changed = bool(pending) or functions != functions_sha256() or previous != ENGINE_VERSION
        if changed:
            install_pgmq(connection)
            _execute_script(connection, compose(applied))
    return Installation(previous, ENGINE_VERSION, tuple(pending), changed)


def _applied_migrations(connection: psycopg.Connection) -> list[int]:
    if not _exists(connection, "pgflow.migrations"):
        return []
    applied = dict(
        connection.execute(
            "select number, sha256 from pgflow.migrations order by number"
        ).fetchall()
    )
    for migration in migrations():
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise EngineMismatch(
                f"migration {migration.name} was applied with another text: the engine in the "
                "database comes from a build that was never released. Install into a fresh database"
            )
    return list(applied)


def _ledger(connection: psycopg.Connection) -> list[tuple[int, bool]]:
    return connection.execute("select number, breaking from pgflow.migrations").fetchall()


def _installed(connection: psycopg.Connection) -> tuple[str | None, str | None]:
    row = connection.execute(
        "select engine_version, functions_sha256 from pgflow.installation"
    ).fetchone()
    return row or (None, None)


def _installation_row() -> str:
    pgmq = (files("pgmq.sql") / "VERSION").read_text("utf-8").strip()
    return (
        sql.SQL(
            """
            insert into pgflow.installation (engine_version, functions_sha256, pgmq_version)
            values ({version}, {functions}, coalesce(
              (select extversion from pg_extension where extname = 'pgmq'), {pgmq}))
            on conflict (only_row) do update set engine_version = excluded.engine_version,
              functions_sha256 = excluded.functions_sha256, installed_at = now();
            """
        )
        .format(version=ENGINE_VERSION, functions=functions_sha256(), pgmq=f"{pgmq} (sql)")
        .as_string()
    )


def _ledger_row(migration: Migration) -> str:
    return (
        sql.SQL(
            "insert into pgflow.migrations (number, name, sha256, breaking)"
            " values ({}, {}, {}, {});"
        )
        .format(migration.number, migration.name, migration.sha256, migration.breaking)
        .as_string()
    )


def _exists(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute("select to_regclass(%s) is not null", [table]).fetchone() == (True,)


def _execute_script(connection: psycopg.Connection, script: str) -> None:
    # The text is ours, read from the package; the driver cannot know that.
    connection.execute(cast(LiteralString, script), prepare=False)


def _join(parts: Sequence[Traversable]) -> str:
    return "\n".join(part.read_text("utf-8") for part in parts)


def _sql_files(directory: str) -> list[Traversable]:
    return sorted(_walk(files("pgflow") / "sql" / directory), key=str)


def _walk(directory: Traversable) -> Iterator[Traversable]:
    for entry in directory.iterdir():
        if entry.is_dir():
            yield from _walk(entry)
        elif entry.name.endswith(".sql"):
            yield entry
