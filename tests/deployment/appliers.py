"""The ways in which migration files get into databases."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.exc import DBAPIError

from pgflow.embedded import find_binaries


class Psql:
    """`psql -f`, every statement a transaction of its own, going on after errors."""

    def __init__(self, dsn: str, *options: str) -> None:
        self._command = [str(find_binaries() / "psql"), dsn, "--no-psqlrc", "--quiet", *options]

    def apply(self, file: Path) -> str:
        command = [*self._command, "--file", str(file)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr


class PlainFiles:
    """A tool that sends each file as one text, in a transaction with its own bookkeeping."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def apply(self, file: Path) -> str:
        try:
            with psycopg.connect(self._dsn) as connection:
                connection.execute(
                    "create table if not exists public.schema_migrations (version text)"
                )
                connection.execute(file.read_bytes())
                version = file.name.partition("_")[0]
                connection.execute("insert into public.schema_migrations values (%s)", [version])
        except psycopg.Error as error:
            return str(error)
        return ""


class Alembic:
    """A revision whose upgrade is `op.execute(path.read_text())`."""

    def __init__(self, dsn: str) -> None:
        self._engine = sqlalchemy.create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn)
        )

    def apply(self, file: Path) -> str:
        try:
            with self._engine.begin() as connection:
                self.execute(connection, file.read_text())
        except DBAPIError as error:
            return str(error)
        finally:
            self._engine.dispose()
        return ""

    def execute(self, connection: sqlalchemy.Connection, text: str) -> None:
        Operations(MigrationContext.configure(connection)).execute(text)


class AlembicDriver(Alembic):
    """A revision that says `op.get_bind().exec_driver_sql(path.read_text())`."""

    def execute(self, connection: sqlalchemy.Connection, text: str) -> None:
        bind = Operations(MigrationContext.configure(connection)).get_bind()
        assert bind is not None
        bind.exec_driver_sql(text)


APPLIERS = {"psql": Psql, "plain files": PlainFiles, "alembic": Alembic, "driver": AlembicDriver}
