"""Before the first claim: the engine is there, and it knows the flows of this worker."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from psycopg import errors

from pgflow import schema, statements
from pgflow.errors import FlowConflict

if TYPE_CHECKING:
    from pgflow.config import Compilation
    from pgflow.flow import Flow
    from pgflow.worker.session import Session

logger = logging.getLogger("pgflow.worker.registration")


async def check_engine(session: Session) -> None:
    """Raises `EngineMissing` or `EngineMismatch`, with the command that helps."""
    try:
        applied = await session.run(statements.applied_migrations())
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        schema.judge(None)
    else:
        schema.judge([(migration.number, migration.breaking) for migration in applied])


async def register_flows(
    session: Session, flows: Iterable[Flow[Any]], *, compilation: Compilation
) -> None:
    """Create what is new; raises `FlowConflict` where the database has a flow in another shape."""
    if compilation == "off":
        return
    for flow in flows:
        shape = flow.shape()
        statement = statements.ensure_flow_compiled(flow.slug, json.dumps(shape.to_json()))
        (answer,) = await session.run(statement)
        result = json.loads(answer.result)
        if result["status"] == "mismatch":
            message = f"flow '{flow.slug}' is in the database with another structure"
            raise FlowConflict(message, result["differences"])
        logger.info("flow %s %s", flow.slug, result["status"], extra={"flow_slug": flow.slug})
