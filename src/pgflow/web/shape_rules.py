"""What is wrong with a shape that somebody has drawn: every mistake, not only the first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from pgflow.definition import rules
from pgflow.definition.shape import FlowShape, StepShape
from pgflow.errors import FlowDefinitionError
from pgflow.web.flow_models import Mistake


def mistakes(shape: FlowShape) -> list[Mistake]:
    """A sentence for each rule that the shape breaks."""
    return [Mistake(step=step, message=message) for step, message in _complaints(shape)]


def _complaints(shape: FlowShape) -> Iterator[tuple[str | None, str]]:
    label = f"flow '{shape.slug}'"
    for message in (
        *_told(rules.check_slug, label, shape.slug),
        *_told(rules.check_options, label, shape.options),
    ):
        yield None, message
    defined: set[str] = set()
    for step in shape.steps:
        for message in _of_step(step, defined, {each.slug for each in shape.steps}):
            yield step.slug, message
        defined.add(step.slug)


def _of_step(step: StepShape, defined: set[str], known: set[str]) -> Iterator[str]:
    label = f"step '{step.slug}'"
    yield from _told(rules.check_slug, label, step.slug)
    if step.slug in defined:
        yield f"there are two steps '{step.slug}'. Give one of them another slug"
    yield from _told(rules.check_options, label, step.options)
    yield from _of_dependencies(step, defined, known)
    for name, pattern in (("when", step.when), ("unless", step.unless)):
        value = None if pattern is None else json.loads(pattern)
        yield from _told(rules.pattern, label, name, value, step.dependencies)


def _of_dependencies(step: StepShape, defined: set[str], known: set[str]) -> Iterator[str]:
    label = f"step '{step.slug}'"
    if step.step_type == "map" and len(step.dependencies) > 1:
        yield (
            f"{label} is a map with {len(step.dependencies)} dependencies, expected at most one. "
            "Put a step before it that makes one list of them"
        )
    for slug in step.dependencies:
        if slug not in known:
            yield f"{label} depends on '{slug}', which does not exist"
        elif slug not in defined:
            yield f"{label} depends on '{slug}', which does not come before it. Move it up"
    if len(set(step.dependencies)) < len(step.dependencies):
        yield f"{label} names a dependency twice"


def _told(check: Callable[..., object], *arguments: object) -> Iterator[str]:
    """What one of the rules of the code has to say, if anything."""
    try:
        check(*arguments)
    except FlowDefinitionError as error:
        yield str(error)
