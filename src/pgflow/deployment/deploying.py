"""Flows into a database because somebody says so, not because a worker starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString, cast

from pgflow.client.failures import translated
from pgflow.definition.shape import FlowShape
from pgflow.deployment import definitions
from pgflow.deployment.compilation import (
    Registration,
    compare,
    connected,
    deployed_shapes,
    register,
    run,
)
from pgflow.deployment.migration import slugs_in
from pgflow.deployment.policy import Action, Change, Policy
from pgflow.environment import ENVIRONMENT_VARIABLE, Environment, Stage
from pgflow.errors import DeploymentError, FlowConflict
from pgflow.statements import Nothing, Statement

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from pgflow.definition.flow import Flow


@dataclass(frozen=True, slots=True)
class Loss:
    """What is lost when a flow is dropped: its runs, some of them unfinished."""

    flow_slug: str
    runs: int
    unfinished: int

    def __str__(self) -> str:
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        return f"flow '{self.flow_slug}' with {runs}, {self.unfinished} unfinished"


def policy_of_deploy(database_url: str, *, force: bool) -> Policy:
    """The rules of a deployment by hand; `force` is refused where data may not be lost."""
    if not force:
        return Policy(stage=Stage.PRODUCTION)
    environment = Environment.detect()
    if not environment.may_destroy(database_url):
        reason = environment.warning(database_url) or f"this is production ({environment.reason})"
        message = (
            f"no flow is dropped: {reason}. To lose its data, say {ENVIRONMENT_VARIABLE}=local"
        )
        raise DeploymentError(message)
    return Policy(stage=Stage.LOCAL, may_destroy=True)


async def deploy_flows(
    database_url: str, flows: Iterable[Flow[Any]], policy: Policy
) -> list[Registration]:
    """Register all flows or none."""
    async with connected(database_url) as connection:
        try:
            return await register(connection, flows, policy)
        except FlowConflict as error:
            action = "Use different slug, or --dev --force where the runs of this one may be lost"
            raise FlowConflict(error.args[0], error.differences, action) from None


async def losses_of(database_url: str, flows: Sequence[Flow[Any]]) -> list[Loss]:
    """The flows that have to be dropped because their structure has changed."""
    found: list[Loss] = []
    async with connected(database_url) as connection:
        for each in await compare(connection, flows):
            if each.change is Change.STRUCTURE:
                (counted,) = await run(connection, definitions.count_runs(each.flow_slug))
                found.append(Loss(each.flow_slug, counted.runs, counted.unfinished))
    return found


async def apply_files(database_url: str, files: Sequence[str]) -> list[Registration]:
    """Run migration files, all or none."""
    texts = [_read(Path(file)) for file in files]
    slugs = [slug for text in texts for slug in slugs_in(text)]
    async with connected(database_url) as connection, connection.transaction():
        before = await deployed_shapes(connection, slugs)
        for text in texts:
            await _execute(connection, text)
        after = await deployed_shapes(connection, slugs)
    return list(map(_what_happened, slugs, before, after))


def _read(file: Path) -> str:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        message = f"{file} cannot be read: {reason.lower()}. Write it with: pgflow compile"
        raise DeploymentError(message) from error
    if not slugs_in(text):
        message = f"{file} defines no flow. Expected a file that `pgflow compile` has written"
        raise DeploymentError(message)
    return text


async def _execute(connection: AsyncConnection[Any], script: str) -> None:
    # The text is the user's own file, which the driver cannot know.
    statement = Statement(cast(LiteralString, script), Nothing)
    with translated(statement):
        await connection.execute(statement.sql, prepare=False)


def _what_happened(slug: str, before: FlowShape | None, after: FlowShape | None) -> Registration:
    if before is None:
        return Registration(slug, Action.CREATE)
    if after is None or before == after:
        return Registration(slug, Action.NOTHING)
    diff = before.diff(after)
    return Registration(slug, Action.RECREATE, diff.structure + diff.options)
