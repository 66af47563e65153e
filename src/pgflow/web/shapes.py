"""Shapes between the engine's form and the page's: the page edits JSON values, not JSON text."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pgflow.definition.shape import FlowOptions, FlowShape, StepOptions, StepShape
from pgflow.web.flow_models import (
    Options,
    ShapeModel,
    StepModel,
    StepOptionsModel,
)

_ENGINE_DEFAULTS = {"max_attempts": 3, "base_delay": 5, "timeout": 60, "start_delay": 0}


def to_model(shape: FlowShape) -> ShapeModel:
    """The shape for the page."""
    return ShapeModel(
        options=Options(**asdict(shape.options)), steps=[step_model(step) for step in shape.steps]
    )


def step_model(step: StepShape) -> StepModel:
    return StepModel(
        slug=step.slug,
        step_type=step.step_type,
        dependencies=step.dependencies,
        when=_value(step.when),
        unless=_value(step.unless),
        when_unmet=step.when_unmet,
        when_exhausted=step.when_exhausted,
        options=StepOptionsModel(**asdict(step.options)),
    )


def from_model(slug: str, model: ShapeModel) -> FlowShape:
    """The shape that the page has made."""
    steps = tuple(map(_step_shape, model.steps))
    return FlowShape(slug, steps, FlowOptions(**model.options.model_dump()))


def effective_options(shape: FlowShape, step: StepShape) -> StepOptionsModel:
    """The options that are in force for a step: its own, the flow's, the engine's."""
    given = [asdict(options) for options in (shape.options, step.options)]
    found = dict(_ENGINE_DEFAULTS)
    for options in given:
        found |= {name: value for name, value in options.items() if value is not None}
    return StepOptionsModel(**found)


def _step_shape(model: StepModel) -> StepShape:
    return StepShape(
        slug=model.slug,
        step_type=model.step_type,
        dependencies=tuple(model.dependencies),
        when=_text(model.when),
        unless=_text(model.unless),
        when_unmet=model.when_unmet,
        when_exhausted=model.when_exhausted,
        options=StepOptions(**model.options.model_dump()),
    )


def _value(pattern: str | None) -> Any:
    return None if pattern is None else json.loads(pattern)


def _text(pattern: Any) -> str | None:
    if pattern is None:
        return None
    return json.dumps(pattern, ensure_ascii=False, separators=(",", ":"))
