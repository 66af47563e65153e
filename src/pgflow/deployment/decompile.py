"""The statements that register a flow, read back as its shape. Pure text.

They come from another machine: what is not exactly what `compile_flow` writes is refused, so that
nothing else ever gets into a migration.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pgflow.definition.compile import compile_flow
from pgflow.definition.shape import FlowOptions, FlowShape, StepOptions, StepShape
from pgflow.errors import DeploymentError

_LITERAL = r"'(?:[^']|'')*'"
_CALL = re.compile(r"SELECT pgflow\.(create_flow|add_step)\((.*)\);", re.DOTALL)
_ARGUMENT = re.compile(
    rf"(?:(?P<name>\w+) => )?(?:(?P<text>{_LITERAL})|ARRAY\[(?P<array>[^\]]*)\]|(?P<number>\d+))"
    r"(?:, |$)"
)
_OPTIONS = ("max_attempts", "base_delay", "timeout", "start_delay")
_NAMES_OF_CONDITIONS = {
    "required_input_pattern": "when",
    "forbidden_input_pattern": "unless",
    "when_unmet": "when_unmet",
    "when_exhausted": "when_exhausted",
    "step_type": "step_type",
}


def decompile_flow(statements: Sequence[str]) -> FlowShape:
    """The shape that compiles to just these statements; `DeploymentError` where there is none.

    Example:
        >>> decompile_flow(["SELECT pgflow.create_flow('greet', timeout => 9);"]).options.timeout
        9
    """
    try:
        shape = _read_flow(statements)
    except (LookupError, TypeError, ValueError):
        shape = None
    if shape is None or compile_flow(shape) != list(statements):
        message = "this is no compiled flow: expected the statements that `pgflow compile` writes"
        raise DeploymentError(message)
    return shape


def _read_flow(statements: Sequence[str]) -> FlowShape:
    (slug,), options = _arguments(statements[0])
    steps = (_read_step(*_arguments(statement)) for statement in statements[1:])
    shape = FlowShape(slug, tuple(steps), FlowOptions(**options))
    shape.to_json()  # fails where a pattern is no JSON
    return shape


def _read_step(positional: list[Any], named: dict[str, Any]) -> StepShape:
    _, slug, *rest = positional
    (dependencies,) = rest or [()]
    options = {name: value for name, value in named.items() if name in _OPTIONS}
    others = {_NAMES_OF_CONDITIONS[name]: named[name] for name in named.keys() - options}
    return StepShape(slug, dependencies=dependencies, options=StepOptions(**options), **others)


def _arguments(statement: str) -> tuple[list[Any], dict[str, Any]]:
    call = _CALL.fullmatch(statement)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for argument in _ARGUMENT.finditer(call[2] if call else ""):
        if name := argument["name"]:
            named[name] = _value(argument)
        else:
            positional.append(_value(argument))
    return positional, named


def _value(argument: re.Match[str]) -> Any:
    if argument["array"] is not None:
        return tuple(map(_unquoted, re.findall(_LITERAL, argument["array"])))
    return int(argument["number"]) if argument["number"] else _unquoted(argument["text"])


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'")
