"""A flow's shape as the SQL that registers it. Pure text, no database."""

from __future__ import annotations

from collections.abc import Iterator

from pgflow.definition.shape import FlowShape, StepShape, given_options


def compile_flow(shape: FlowShape) -> list[str]:
    """One statement for the flow and one for each step, in the order of definition.

    Example:
        >>> compile_flow(FlowShape("greet", (StepShape("hello"),)))
        ["SELECT pgflow.create_flow('greet');", "SELECT pgflow.add_step('greet', 'hello');"]
    """
    return [_create_flow(shape), *(_add_step(shape.slug, step) for step in shape.steps)]


def _create_flow(shape: FlowShape) -> str:
    options = (f"{name} => {value}" for name, value in given_options(shape.options).items())
    return _call("create_flow", _quoted(shape.slug), *options)


def _add_step(flow_slug: str, step: StepShape) -> str:
    return _call("add_step", _quoted(flow_slug), _quoted(step.slug), *_step_arguments(step))


def _step_arguments(step: StepShape) -> Iterator[str]:
    if step.dependencies:
        yield f"ARRAY[{', '.join(map(_quoted, step.dependencies))}]"
    for name, value in given_options(step.options).items():
        yield f"{name} => {value}"
    for name, text in _conditions(step).items():
        if text is not None:
            yield f"{name} => {_quoted(text)}"
    if step.step_type == "map":
        yield "step_type => 'map'"


def _conditions(step: StepShape) -> dict[str, str | None]:
    return {
        "required_input_pattern": step.when,
        "forbidden_input_pattern": step.unless,
        "when_unmet": step.when_unmet,
        "when_exhausted": step.when_exhausted,
    }


def _call(function: str, *arguments: str) -> str:
    return f"SELECT pgflow.{function}({', '.join(arguments)});"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
