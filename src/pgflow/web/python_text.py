"""A shape as the Python that would declare it; handlers that are known keep their bodies."""

from __future__ import annotations

import ast
import json
import keyword
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pgflow.definition.annotations import describe
from pgflow.definition.flow import Flow
from pgflow.definition.shape import FlowShape, StepShape, given_options
from pgflow.definition.step import FlowInput, Step
from pgflow.web.flow_models import HandlerModel

_HEAD = """from __future__ import annotations

from typing import Any

from pgflow import Flow
"""
_NO_HANDLERS: Mapping[str, HandlerModel] = {}


def python_text(
    shape: FlowShape,
    flow: Flow[Any] | None = None,
    handlers: Mapping[str, HandlerModel] = _NO_HANDLERS,
) -> str:
    """The module. Types and other names that handlers use are theirs to import."""
    writer = _Writer(shape, flow, handlers)
    return "\n\n".join((_HEAD, writer.flow_line(), *writer.steps()))


@dataclass(frozen=True, slots=True)
class _Writer:
    shape: FlowShape
    flow: Flow[Any] | None
    handlers: Mapping[str, HandlerModel]

    def flow_line(self) -> str:
        annotation = self.flow.input.annotation if self.flow else Any
        typed = [] if annotation is Any else [f"input={describe(annotation)}"]
        arguments = [json.dumps(self.shape.slug), *typed, *_options(self.shape.options)]
        return f"{_name(self.shape.slug)} = Flow({', '.join(arguments)})\n"

    def steps(self) -> Iterator[str]:
        for step in self.shape.steps:
            yield f"{self._decorator(step)}\n{self._function(step)}\n"

    def _decorator(self, step: StepShape) -> str:
        flow = _name(self.shape.slug)
        sources = [f"{flow}.input" if slug is None else _name(slug) for slug in self._sources(step)]
        named = [] if _name(step.slug) == step.slug else [f"slug={json.dumps(step.slug)}"]
        arguments = [*sources, *named, *_options(step.options), *_conditions(step)]
        return f"@{flow}.{'map' if step.step_type == 'map' else 'step'}({', '.join(arguments)})"

    def _sources(self, step: StepShape) -> list[str | None]:
        """The dependencies in the order of the handler's parameters; None is the flow's input."""
        known = self._known(step)
        before = [_slug(source) for source in known.sources] if known and step.dependencies else []
        kept = [slug for slug in before if slug is None or slug in step.dependencies]
        return [*kept, *(slug for slug in step.dependencies if slug not in kept)]

    def _function(self, step: StepShape) -> str:
        handler = self.handlers.get(step.slug)
        definition = _definition(handler.code) if handler and handler.code else None
        if definition is None:
            return f"def {_name(step.slug)}({self._parameters(step)}) -> Any:\n    ..."
        node, lines = definition
        if self._is_wired_as_before(step):
            return "\n".join(lines[node.lineno - 1 :])
        kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
        returns = ast.unparse(node.returns) if node.returns else "Any"
        head = f"{kind} {node.name}({self._parameters(step)}) -> {returns}:"
        return "\n".join((head, *lines[node.body[0].lineno - 1 :]))

    def _parameters(self, step: StepShape) -> str:
        handler = self.handlers.get(step.slug)
        known = {each.source: each for each in handler.parameters} if handler else {}
        if step.step_type == "map":
            return "element: Any"
        if not step.dependencies:
            return "input: Any"
        return ", ".join(
            f"{known[source].name}: {known[source].type}"
            if source in known
            else f"{_name(source)}: Any"
            for source in (slug or "flow input" for slug in self._sources(step))
        )

    def _is_wired_as_before(self, step: StepShape) -> bool:
        known = self._known(step)
        return (
            known is not None
            and known.step_type == step.step_type
            and set(known.dependencies) == set(step.dependencies)
        )

    def _known(self, step: StepShape) -> Step[..., Any] | None:
        return self.flow.steps.get(step.slug) if self.flow else None


def _slug(source: Any) -> str | None:
    return None if isinstance(source, FlowInput) else source.slug


def _definition(code: str) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, list[str]] | None:
    """The function in a piece of source text, and the lines of that."""
    text = textwrap.dedent(code)
    try:
        node = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return None
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return (node, text.splitlines()) if is_function else None


def _options(options: Any) -> list[str]:
    return [f"{name}={value}" for name, value in given_options(options).items()]


def _conditions(step: StepShape) -> Iterator[str]:
    for name, pattern in (("when", step.when), ("unless", step.unless)):
        if pattern is not None:
            yield f"{name}={json.loads(pattern)!r}"
    for name, otherwise in (
        ("when_unmet", step.when_unmet),
        ("when_exhausted", step.when_exhausted),
    ):
        if otherwise is not None:
            yield f"{name}={json.dumps(otherwise)}"


def _name(slug: str) -> str:
    return f"{slug}_" if keyword.iskeyword(slug) else slug
