"""What may be done about a flow that is not in the database as it is in the code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pgflow.config import Compilation, Config
from pgflow.definition.shape import FlowShape, ShapeDiff
from pgflow.environment import ENVIRONMENT_VARIABLE, Environment, Stage
from pgflow.errors import DeploymentError, FlowConflict, FlowNotFound


class Change(StrEnum):
    """How the code differs from the database."""

    NONE = "none"
    NEW = "new"
    OPTIONS = "options"
    STRUCTURE = "structure"


class Action(StrEnum):
    """What to do about it."""

    NOTHING = "nothing"
    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    REFUSE = "refuse"


_ON_OPTIONS_AND_STRUCTURE: Mapping[tuple[Stage, Compilation], tuple[Action, Action]] = (
    MappingProxyType(
        {
            (Stage.LOCAL, "phase1"): (Action.RECREATE, Action.RECREATE),
            (Stage.LOCAL, "phase2"): (Action.UPDATE, Action.RECREATE),
            (Stage.PRODUCTION, "phase1"): (Action.REFUSE, Action.REFUSE),
            (Stage.PRODUCTION, "phase2"): (Action.UPDATE, Action.REFUSE),
        }
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of one place: `decide` maps a change to an action.

    `may_destroy`: whether stored runs may be lost at all. `require_migrations`: a worker changes
    options at most, everything else comes by a migration.

    Example:
        >>> Policy(stage=Stage.PRODUCTION).decide(Change.STRUCTURE)
        <Action.REFUSE: 'refuse'>
    """

    stage: Stage
    compilation: Compilation = "phase2"
    may_destroy: bool = False
    require_migrations: bool = False

    @classmethod
    def of(cls, environment: Environment, config: Config, database_url: str) -> Policy:
        """The rules for a worker that starts in this environment, with this database."""
        return cls(
            stage=environment.stage,
            compilation=config.compilation,
            may_destroy=environment.may_destroy(database_url),
            require_migrations=config.require_migrations,
        )

    def decide(self, change: Change) -> Action:
        """What to do. Data that may not be lost is a reason to refuse."""
        if change is Change.NONE or self.compilation == "off":
            return Action.NOTHING
        action = self._wish(change)
        destroys = action is Action.RECREATE and not self.may_destroy
        preempts = action in (Action.CREATE, Action.RECREATE) and self.require_migrations
        return Action.REFUSE if destroys or preempts else action

    def _wish(self, change: Change) -> Action:
        if change is Change.NEW:
            return Action.CREATE
        on_options, on_structure = _ON_OPTIONS_AND_STRUCTURE[self.stage, self.compilation]
        return on_options if change is Change.OPTIONS else on_structure

    @property
    def is_unexpected(self) -> bool:
        """Whether a local environment has a database that may belong to somebody else."""
        return self.stage is Stage.LOCAL and not self.may_destroy


def change_of(deployed: FlowShape | None, diff: ShapeDiff) -> Change:
    """The kind of a change; a flow that changed in both ways changed its structure."""
    if deployed is None:
        return Change.NEW
    if diff.structure:
        return Change.STRUCTURE
    return Change.OPTIONS if diff.options else Change.NONE


def refusal(
    flow_slug: str, source: str, change: Change, diff: ShapeDiff, policy: Policy
) -> DeploymentError:
    """The error of a change that may not be made; `source` is the name to compile the flow by."""
    migration = f"Deploy migration first (pgflow compile {source})"
    if change is Change.NEW:
        return FlowNotFound(f"Flow '{flow_slug}' does not exist\nAction: {migration}")
    if policy.compilation == "phase1":
        action = "Deploy migration first or use different slug"
        return FlowConflict(f"Flow '{flow_slug}' already exists", (), action + _permission(policy))
    return FlowConflict(
        f"Flow '{flow_slug}' structure mismatch", diff.structure, migration + _permission(policy)
    )


def _permission(policy: Policy) -> str:
    if not policy.is_unexpected:
        return ""
    return f", or set {ENVIRONMENT_VARIABLE}=local if the data in this database may be lost"
