"""Flows into the database: what a worker does when it starts, and `pgflow deploy` when it is told.

One call is one transaction, under the lock of each flow's definition: of many workers that start
together one changes what is to be changed, the others find it done.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pgflow import statements
from pgflow.client.connections import AsyncDatabase, fetch
from pgflow.client.failures import translated
from pgflow.config import Compilation, Config
from pgflow.definition.shape import FlowShape, ShapeDiff
from pgflow.deployment import definitions
from pgflow.deployment.policy import Action, Change, Policy, change_of, refusal
from pgflow.environment import Environment
from pgflow.errors import DeploymentError
from pgflow.loading import name_of
from pgflow.statements import Statement

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from pgflow.definition.flow import Flow

logger = logging.getLogger("pgflow.deployment")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A flow in the code beside the flow of that slug in the database, if there is one."""

    flow_slug: str
    deployed: FlowShape | None
    diff: ShapeDiff = field(default_factory=ShapeDiff)

    @property
    def change(self) -> Change:
        """In what way the code differs from the database."""
        return change_of(self.deployed, self.diff)

    @property
    def differences(self) -> tuple[str, ...]:
        """A sentence for each of them, structure first."""
        return self.diff.structure + self.diff.options


@dataclass(frozen=True, slots=True)
class Registration:
    """What was done to have a flow in the database as it is in the code. Prints as a message."""

    flow_slug: str
    action: Action
    differences: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n- ".join((_DONE[self.action](self.flow_slug), *self.differences))


_DONE: Mapping[Action, Callable[[str], str]] = MappingProxyType(
    {
        Action.NOTHING: "✓ Flow '{}' is up to date".format,
        Action.CREATE: "✓ Flow '{}' created".format,
        Action.UPDATE: "✓ Runtime options updated for flow '{}'".format,
        Action.RECREATE: "✓ Flow '{}' dropped and recreated".format,
    }
)


async def compile_at_start(
    database_url: str,
    flows: Iterable[Flow[Any]],
    *,
    compilation: Compilation | None = None,
    no_news: int = logging.INFO,
) -> list[Registration]:
    """What a worker does before it claims anything; a `DeploymentError` keeps it from starting.

    `compilation` overrules PGFLOW_COMPILATION and `[tool.pgflow]`. With "off" the database is not
    even looked at. That a flow is up to date is logged at the level `no_news`.
    """
    config, environment = Config.load(), Environment.detect()
    policy = Policy.of(
        environment, replace(config, compilation=compilation or config.compilation), database_url
    )
    if policy.compilation == "off":
        return []
    if warning := environment.warning(database_url):
        logger.warning(warning)
    async with connected(database_url) as connection:
        registrations = await register(connection, flows, policy)
    for each in registrations:
        level = no_news if each.action is Action.NOTHING else logging.INFO
        logger.log(level, "%s", each, extra={"flow_slug": each.flow_slug})
    return registrations


async def register(
    connection: AsyncConnection[Any], flows: Iterable[Flow[Any]], policy: Policy
) -> list[Registration]:
    """Bring all flows into the database as the policy allows, or raise and change nothing."""
    # One order for everybody, so that two callers never wait for each other.
    in_order = sorted(flows, key=lambda flow: flow.slug)
    async with connection.transaction():
        # The usual case needs one look and no lock, however many flows there are.
        found = await compare(connection, in_order)
        return [
            Registration(flow.slug, Action.NOTHING)
            if seen.change is Change.NONE
            else await _register(connection, flow, policy)
            for flow, seen in zip(in_order, found, strict=True)
        ]


async def compare(connection: AsyncConnection[Any], flows: Sequence[Flow[Any]]) -> list[Comparison]:
    """Look at what the database has under the flows' slugs."""
    stored = await deployed_shapes(connection, [flow.slug for flow in flows])
    return [
        Comparison(flow.slug, shape, shape.diff(flow.shape()) if shape else ShapeDiff())
        for flow, shape in zip(flows, stored, strict=True)
    ]


async def compare_all(database_url: str | None, flows: Sequence[Flow[Any]]) -> list[Comparison]:
    """The same over a connection of its own."""
    async with connected(database_url) as connection:
        return await compare(connection, flows)


async def deployed_shapes(
    connection: AsyncConnection[Any], flow_slugs: Sequence[str]
) -> list[FlowShape | None]:
    """The flows as the database has them, with their options; None where there is none."""
    rows = await run(connection, definitions.get_flow_definitions(flow_slugs))
    return [
        FlowShape.from_json(slug, json.loads(row.definition)) if row.definition else None
        for slug, row in zip(flow_slugs, rows, strict=True)
    ]


@asynccontextmanager
async def connected(database_url: str | None) -> AsyncGenerator[AsyncConnection[Any]]:
    """A connection for the length of a block; None: to the database that the environment names."""
    connection = await AsyncDatabase(database_url).connect()
    async with connection:
        yield connection


async def run(connection: AsyncConnection[Any], statement: Statement[T]) -> list[T]:
    """The rows of a statement; errors that the caller can do something about are ours."""
    with translated(statement):
        return await fetch(connection, statement)


async def _register(
    connection: AsyncConnection[Any], flow: Flow[Any], policy: Policy
) -> Registration:
    await run(connection, definitions.lock_definition(flow.slug))
    [found] = await compare(connection, [flow])
    action = policy.decide(found.change)
    if action is Action.REFUSE:
        raise refusal(flow.slug, name_of(flow), found.change, found.diff, policy)
    try:
        for statement in _statements_for(action, flow):
            await run(connection, statement)
    except DeploymentError as error:
        raise _explained(error, flow, found.change) from error
    return Registration(flow.slug, action, found.differences)


def _explained(error: DeploymentError, flow: Flow[Any], change: Change) -> DeploymentError:
    """An error that says what to do where the user of the database may work, but not deploy."""
    if getattr(error.__cause__, "sqlstate", None) != "42501":
        return error
    what = "does not exist" if change is Change.NEW else "has changed"
    return DeploymentError(
        f"Flow '{flow.slug}' {what}, and this database user may not deploy it\n"
        f"Action: Deploy it as the owner of the engine (pgflow deploy {name_of(flow)})"
    )


def _statements_for(action: Action, flow: Flow[Any]) -> list[Statement[Any]]:
    shape = json.dumps(flow.shape().to_json())
    create = statements.ensure_flow_compiled(flow.slug, shape)
    match action:
        case Action.CREATE:
            return [create]
        case Action.RECREATE:
            return [statements.delete_flow_and_data(flow.slug), create]
        case Action.UPDATE:
            return [definitions.set_options_from_shape(flow.slug, shape)]
        case _:
            return []
