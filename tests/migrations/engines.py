"""Engines as they were released, to be upgraded by tests."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import LiteralString, cast

import psycopg

from pgflow import schema

RELEASED = sorted(path.stem for path in (Path(__file__).parent / "engines").glob("*.sql"))


def install(url: str, number: str) -> None:
    """Installs the engine whose newest migration has that number, byte for byte as it was."""
    text = (Path(__file__).parent / "engines" / f"{number}.sql").read_text()
    with psycopg.connect(url) as connection:
        for script in ((files("pgmq.sql") / "pgmq.sql").read_text(), text):
            connection.execute(cast(LiteralString, script))


def pretend_newer(url: str, *, breaking: bool) -> None:
    """Adds to the ledger a migration that this package does not know."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into pgflow.migrations (number, name, sha256, breaking)"
            " values (%s, %s, %s, %s)",
            [schema.migrations()[-1].number + 1, "future", "unknown", breaking],
        )
