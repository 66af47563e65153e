"""The shape of a flow: what the database knows of it. Plain data: no handlers, no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

StepType = Literal["single", "map"]
Otherwise = Literal["fail", "skip", "skip-cascade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowOptions:
    """Options of a flow, which its steps inherit. None leaves one to the engine: 3, 5 s, 60 s."""

    max_attempts: int | None = None
    base_delay: int | None = None
    timeout: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOptions:
    """Options of a step, times in seconds. None: as the flow has it; no delay before the start."""

    max_attempts: int | None = None
    base_delay: int | None = None
    timeout: int | None = None
    start_delay: int | None = None


@dataclass(frozen=True, slots=True)
class StepShape:
    """A step: dependencies in the order of its parameters, conditions as JSON text.

    None in `when_unmet` and `when_exhausted` leaves them to the engine: "skip" and "fail".
    """

    slug: str
    step_type: StepType = "single"
    dependencies: tuple[str, ...] = ()
    when: str | None = None
    unless: str | None = None
    when_unmet: Otherwise | None = None
    when_exhausted: Otherwise | None = None
    options: StepOptions = field(default_factory=StepOptions)

    @property
    def may_be_skipped(self) -> bool:
        """Whether its dependents may run without it. After a cascade none of them runs."""
        has_condition = self.when is not None or self.unless is not None
        is_left_out = has_condition and (self.when_unmet or "skip") == "skip"
        return is_left_out or self.when_exhausted == "skip"

    def structure(self) -> dict[str, Any]:
        """The part of the shape JSON that may not change once the flow is registered."""
        return {
            "slug": self.slug,
            "stepType": self.step_type,
            "dependencies": sorted(self.dependencies),
            "whenUnmet": self.when_unmet or "skip",
            "whenExhausted": self.when_exhausted or "fail",
            "requiredInputPattern": _pattern_to_json(self.when),
            "forbiddenInputPattern": _pattern_to_json(self.unless),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StepShape:
        """The step that an element of the shape JSON's `steps` describes."""
        return cls(
            slug=data["slug"],
            step_type=data["stepType"],
            dependencies=tuple(data["dependencies"]),
            when=_pattern_from_json(data["requiredInputPattern"]),
            unless=_pattern_from_json(data["forbiddenInputPattern"]),
            when_unmet=data["whenUnmet"],
            when_exhausted=data["whenExhausted"],
            options=StepOptions(**_options_from_json(data)),
        )


@dataclass(frozen=True, slots=True)
class ShapeDiff:
    """What changed from one shape to another, a sentence each. False when nothing did."""

    structure: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.structure or self.options)


@dataclass(frozen=True, slots=True)
class FlowShape:
    """A flow: its steps in the order of definition, which is a topological one.

    Example:
        >>> deployed = FlowShape("greet", (StepShape("hello"),))
        >>> deployed.diff(FlowShape("greet", (StepShape("hello"), StepShape("bye")))).structure
        ("New step 'bye' added",)
    """

    slug: str
    steps: tuple[StepShape, ...] = ()
    options: FlowOptions = field(default_factory=FlowOptions)

    @property
    def checksum(self) -> str:
        """SHA-256 of the structure. Neither options nor the flow's slug count."""
        structure = [step.structure() for step in self.steps]
        return hashlib.sha256(_canonical(structure).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The shape JSON of the SQL contract. It does not hold the flow's slug."""
        steps = [step.structure() | _options_to_json(step.options) for step in self.steps]
        return {"steps": steps} | _options_to_json(self.options)

    @classmethod
    def from_json(cls, slug: str, data: Mapping[str, Any]) -> FlowShape:
        """The flow that the shape JSON describes. Options that it does not hold are None."""
        steps = tuple(map(StepShape.from_json, data["steps"]))
        return cls(slug, steps, FlowOptions(**_options_from_json(data)))

    def diff(self, other: FlowShape) -> ShapeDiff:
        """What changes from this shape (what is deployed) to the other (what is to be).

        Order counts among steps, not among the dependencies of a step. None as an option equals the
        engine's default that it stands for.
        """
        return ShapeDiff(
            tuple(_structural_changes(self, other)), tuple(_option_changes(self, other))
        )


_OPTION_NAMES = {
    "max_attempts": "maxAttempts",
    "base_delay": "baseDelay",
    "timeout": "timeout",
    "start_delay": "startDelay",
}
_FLOW_DEFAULTS: dict[str, int] = {"max_attempts": 3, "base_delay": 5, "timeout": 60}
_STEP_DEFAULTS: dict[str, int] = {"start_delay": 0}


def given_options(options: FlowOptions | StepOptions) -> dict[str, int]:
    """The options that are not None, in the order of the contract."""
    values = {name: getattr(options, name, None) for name in _OPTION_NAMES}
    return {name: value for name, value in values.items() if value is not None}


def _options_to_json(options: FlowOptions | StepOptions) -> dict[str, Any]:
    given = {_OPTION_NAMES[name]: value for name, value in given_options(options).items()}
    return {"options": given} if given else {}


def _options_from_json(data: Mapping[str, Any]) -> dict[str, int]:
    given = data.get("options", {})
    return {name: given[key] for name, key in _OPTION_NAMES.items() if key in given}


def _pattern_to_json(pattern: str | None) -> dict[str, Any]:
    if pattern is None:
        return {"defined": False}
    return {"defined": True, "value": json.loads(pattern)}


def _pattern_from_json(data: Mapping[str, Any]) -> str | None:
    if not data["defined"]:
        return None
    return json.dumps(data["value"], ensure_ascii=False, separators=(",", ":"))


def _canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _structural_changes(old: FlowShape, new: FlowShape) -> Iterator[str]:
    before = {step.slug: step for step in old.steps}
    after = {step.slug: step for step in new.steps}
    kept = [slug for slug in before if slug in after]
    for slug in kept:
        yield from _step_changes(before[slug], after[slug])
    yield from (f"New step '{slug}' added" for slug in after if slug not in before)
    yield from (f"Step '{slug}' removed" for slug in before if slug not in after)
    if kept != (reordered := [slug for slug in after if slug in before]):
        yield f"Step order changed: {kept} -> {reordered}"


def _step_changes(old: StepShape, new: StepShape) -> Iterator[str]:
    before, after = old.structure(), new.structure()
    for key, (noun, worded) in _STRUCTURE_WORDS.items():
        if _canonical(before[key]) != _canonical(after[key]):
            change = f"{worded(before[key])} -> {worded(after[key])}"
            yield f"Step '{old.slug}' {noun} changed: {change}"


def _pattern_words(pattern: dict[str, Any]) -> str:
    return _pattern_from_json(pattern) or "none"


_STRUCTURE_WORDS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "stepType": ("type", str),
    "dependencies": ("dependencies", str),
    "requiredInputPattern": ("when", _pattern_words),
    "forbiddenInputPattern": ("unless", _pattern_words),
    "whenUnmet": ("when_unmet", str),
    "whenExhausted": ("when_exhausted", str),
}


def _option_changes(old: FlowShape, new: FlowShape) -> Iterator[str]:
    yield from _changed_options("Flow", old.options, new.options, _FLOW_DEFAULTS)
    before = {step.slug: step.options for step in old.steps}
    for step in new.steps:
        if step.slug in before:
            place = f"Step '{step.slug}'"
            yield from _changed_options(place, before[step.slug], step.options, _STEP_DEFAULTS)


def _changed_options(
    place: str,
    old: FlowOptions | StepOptions,
    new: FlowOptions | StepOptions,
    defaults: dict[str, int],
) -> Iterator[str]:
    before, after = defaults | given_options(old), defaults | given_options(new)
    for name in _OPTION_NAMES:
        if before.get(name) != after.get(name):
            change = f"{_option_words(name, before)} -> {_option_words(name, after)}"
            yield f"{place}: {name} {change}"


def _option_words(name: str, options: Mapping[str, int]) -> str:
    unit = "" if name == "max_attempts" else "s"
    return f"{options[name]}{unit}" if name in options else "inherited"
