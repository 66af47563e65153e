"""A flow as plain data: what the tests give to the engine and to the reference model alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from tests.support.jsonb import Json
from tests.support.short_repr import ShortRepr

StepType: TypeAlias = Literal["single", "map"]
Mode: TypeAlias = Literal["fail", "skip", "skip-cascade"]
Pattern: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True, repr=False)
class StepSpec(ShortRepr):
    """One step of a flow. Options that are None are inherited from the flow."""

    slug: str
    deps: tuple[str, ...] = ()
    step_type: StepType = "single"
    required: Pattern | None = None
    forbidden: Pattern | None = None
    when_unmet: Mode = "skip"
    when_exhausted: Mode = "fail"
    max_attempts: int | None = None
    base_delay: int | None = None
    timeout: int | None = None
    start_delay: int | None = None

    @property
    def is_map(self) -> bool:
        return self.step_type == "map"

    @property
    def is_root(self) -> bool:
        return not self.deps


@dataclass(frozen=True, slots=True, repr=False)
class FlowSpec(ShortRepr):
    """A flow: its steps in topological order and the options they inherit."""

    steps: tuple[StepSpec, ...] = ()
    slug: str = "flow"
    max_attempts: int = 3
    base_delay: int = 5
    timeout: int = 60

    def named(self, slug: str) -> FlowSpec:
        return replace(self, slug=slug)

    def children(self, slug: str) -> tuple[StepSpec, ...]:
        return tuple(step for step in self.steps if slug in step.deps)

    @property
    def has_root_map(self) -> bool:
        return any(step.is_map and step.is_root for step in self.steps)


def single(slug: str, *deps: str, **options: object) -> StepSpec:
    return StepSpec(slug, deps, **options)  # type: ignore[arg-type]


def map_over(slug: str, *deps: str, **options: object) -> StepSpec:
    return StepSpec(slug, deps, step_type="map", **options)  # type: ignore[arg-type]
