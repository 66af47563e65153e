"""Handlers as a page shows them: where they stand, what they take, what they give."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Mapping
from typing import Any

from pgflow.definition.flow import Flow
from pgflow.definition.step import FlowInput, Source, Step
from pgflow.web.flow_models import HandlerModel, Parameter


def described(flow: Flow[Any]) -> Mapping[str, HandlerModel]:
    """The handler of each step."""
    linecache.checkcache()
    return {slug: _handler(step) for slug, step in flow.steps.items()}


def _handler(step: Step[..., Any]) -> HandlerModel:
    function = inspect.unwrap(step.function)
    code, line = _source_of(function)
    return HandlerModel(
        name=getattr(function, "__qualname__", step.slug),
        module=step.declared_in,
        file=_file_of(function),
        line=line,
        code=code,
        is_async=step.is_async,
        doc=_first_paragraph(inspect.getdoc(function)),
        parameters=_parameters(step),
        returns=_shown(inspect.signature(function).return_annotation),
    )


def _source_of(function: Any) -> tuple[str | None, int | None]:
    try:
        lines, line = inspect.getsourcelines(function)
    except (OSError, TypeError):
        return None, None
    return "".join(lines).rstrip(), line


def _file_of(function: Any) -> str | None:
    try:
        return inspect.getsourcefile(function)
    except TypeError:
        return None


def _first_paragraph(doc: str | None) -> str | None:
    return doc.partition("\n\n")[0] if doc else None


def _parameters(step: Step[..., Any]) -> list[Parameter]:
    parameters = list(inspect.signature(step.function).parameters.values())
    return [
        Parameter(
            name=parameter.name, type=_shown(parameter.annotation), source=_named(source, step)
        )
        for parameter, source in zip(parameters, step.sources or (None,), strict=False)
    ]


def _named(source: Source[Any] | None, step: Step[..., Any]) -> str:
    is_input = source is None or isinstance(source, FlowInput)
    if step.step_type == "map":
        return f"element of {'the flow input' if is_input else getattr(source, 'slug', '')}"
    return "flow input" if is_input else getattr(source, "slug", "")


def _shown(annotation: Any) -> str:
    if annotation is inspect.Signature.empty:
        return "Any"
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
