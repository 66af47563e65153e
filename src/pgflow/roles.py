"""Roles for those who need less than the owner of the engine: viewers, clients, workers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

import psycopg

from pgflow.errors import DeploymentError
from pgflow.schema import INSTALL_LOCK

ROLES = ("pgflow_viewer", "pgflow_client", "pgflow_worker")
PARTS = ("roles", "privileges")


@cache
def compose_roles() -> str:
    """The SQL that makes the roles and says what each may do in a database with the engine."""
    folders = (files("pgflow") / "sql" / part for part in PARTS)
    scripts = [file for folder in folders for file in sorted(folder.iterdir(), key=str)]
    return "\n".join(script.read_text("utf-8") for script in scripts)


def install_roles(database_url: str) -> None:
    """Makes the roles where they are missing, and grants them what they need in this database.

    The engine must be there. Upgrades of it keep the grants up to date by themselves. Needs the
    right to create roles, unless somebody has made them.
    """
    try:
        with psycopg.connect(database_url) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", [INSTALL_LOCK])
            # The text is ours, read from the package; the driver cannot know that.
            connection.execute(cast("LiteralString", compose_roles()), prepare=False)
    except psycopg.errors.InsufficientPrivilege as error:
        message = (
            f"the roles cannot be made: {error.diag.message_primary}. "
            "Let an administrator run: pgflow install --roles"
        )
        raise DeploymentError(message) from error
