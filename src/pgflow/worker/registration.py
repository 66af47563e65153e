"""Before the first claim: the engine is there, and it is the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from pgflow import schema, statements

if TYPE_CHECKING:
    from pgflow.worker.session import Session


async def check_engine(session: Session) -> None:
    """Raises `EngineMissing` or `EngineMismatch`, with the command that helps."""
    try:
        applied = await session.run(statements.applied_migrations())
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        schema.judge(None)
    else:
        schema.judge([(migration.number, migration.breaking) for migration in applied])
