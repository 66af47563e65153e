"""What a flow must obey. A broken rule raises `FlowDefinitionError`: place, fault, cure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast, get_args

from pgflow.definition.annotations import describe
from pgflow.definition.assignable import fits
from pgflow.definition.codec import Codec
from pgflow.definition.handler import Handler, Parameter
from pgflow.definition.shape import FlowOptions, Otherwise, StepOptions, given_options
from pgflow.definition.step import Source, Step
from pgflow.definition.wiring import Settings
from pgflow.errors import FlowDefinitionError, InvalidOutput

_SLUG = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,127}")
_RESERVED = "run"
_LEAST = {"max_attempts": 1, "base_delay": 1, "timeout": 3, "start_delay": 0}
_MOST = 2**31 - 1


def refuse(place: str, fault: str, cure: str) -> FlowDefinitionError:
    """The error to raise when a definition is not as it must be."""
    return FlowDefinitionError(f"{place}: {fault}. {cure}")


def check_slug(place: str, slug: object, cure: str = "Choose another slug") -> None:
    """A slug names a flow or a step in the database."""
    if slug == _RESERVED:
        raise refuse(place, "the slug is reserved", cure)
    if not (isinstance(slug, str) and _SLUG.fullmatch(slug)):
        expected = "1 to 128 letters, digits and underscores, with a letter first"
        raise refuse(place, f"the slug is {slug!r}, expected {expected}", cure)


def check_is_new(place: str, slug: str, siblings: Mapping[str, Step[..., Any]]) -> None:
    """A flow has one step of a name."""
    if slug in siblings:
        raise refuse(place, "the flow has a step of that name", "Name one of them with slug=...")


def check_settings(place: str, settings: Settings) -> None:
    """The keyword arguments of `Flow.step` and `Flow.map`: known names, good values."""
    for name in settings.keys() - Settings.__annotations__.keys():
        near = difflib.get_close_matches(name, Settings.__annotations__, n=1)
        cure = (
            f"Did you mean '{near[0]}'?"
            if near
            else f"Known are {_listed(Settings.__annotations__)}"
        )
        raise refuse(place, f"there is no option '{name}'", cure)
    for name in ("when_unmet", "when_exhausted"):
        value = settings.get(name)
        if value is not None and value not in get_args(Otherwise):
            expected = "expected 'fail', 'skip' or 'skip-cascade'"
            raise refuse(place, f"{name} is {value!r}, {expected}", "Choose one of these")


def check_options(place: str, options: FlowOptions | StepOptions) -> None:
    """Counts and seconds in their range."""
    for name, value in given_options(options).items():
        least = _LEAST[name]
        if type(value) is int and least <= value <= _MOST:
            continue
        what = "a whole number" if name == "max_attempts" else "whole seconds"
        raise refuse(
            place, f"{name} is {value!r}, expected {what} of at least {least}", "Change it"
        )


def pattern(place: str, name: str, value: object, dependencies: Iterable[str]) -> str | None:
    """A condition as JSON text. That of a dependent step speaks of its dependencies' outputs."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise refuse(place, f"{name} is {value!r}, expected an object", "Write a dict")
    conditions = cast("Mapping[Any, Any]", value)
    known = tuple(dependencies)
    for key in conditions if known else ():
        if key not in known:
            cure = f"Its keys are dependencies: {_listed(known)}"
            raise refuse(place, f"{name} has the key {key!r}, which is no dependency", cure)
    try:
        return Codec[Any](subject=name).encode_json(dict(conditions))
    except InvalidOutput as error:
        raise refuse(place, str(error), "A pattern is plain JSON") from None


def check_sources(place: str, sources: tuple[Any, ...]) -> None:
    """What is handed to `Flow.step` as dependencies are sources at all."""
    for each in sources:
        if isinstance(each, str):
            raise refuse(place, f"the dependency {each!r} is a str", "Pass the step itself")
        if not isinstance(each, Source):
            cure = "Pass steps, and write the decorator with parentheses: @flow.step()"
            raise refuse(place, f"{each!r} is no step", cure)


def check_single(place: str, sources: tuple[Source[Any], ...]) -> None:
    """A map has one source at most."""
    if len(sources) > 1:
        fault = f"a map goes over one list, but gets {len(sources)}: {_listed_titles(sources)}"
        raise refuse(place, fault, "Join them in a step first")


def check_membership(
    place: str, sources: tuple[Source[Any], ...], own: Collection[Source[Any]]
) -> None:
    """Sources belong to the flow, and each comes once."""
    for position, each in enumerate(sources):
        if each not in own:
            fault = f"{each.title} belongs to flow '{each.flow_slug}'"
            raise refuse(place, fault, "Depend on steps of the same flow")
        if each in sources[:position]:
            raise refuse(place, f"{each.title} is a dependency twice", "Name it once")


def check_callable(place: str, function: object) -> None:
    """What becomes a step can be called."""
    if not callable(function):
        raise refuse(place, f"{function!r} is no function", "Decorate a function")


def check_handler(place: str, handler: Handler) -> None:
    """The function can be called with arguments by position alone, and returns one value."""
    if handler.is_generator:
        raise refuse(place, "the handler is a generator", "Return a list instead of yielding")
    for each in handler.positional:
        if each.has_default:
            cure = "Remove the default, or make the parameter keyword-only"
            raise refuse(place, f"parameter '{each.name}' has a default, but is always given", cure)
    for each in handler.keywords:
        if not each.has_default:
            cure = "Make it positional, or give it a default"
            raise refuse(
                place, f"parameter '{each.name}' is keyword-only, so nothing fills it", cure
            )


def check_count(place: str, handler: Handler, sources: tuple[Source[Any], ...]) -> None:
    """One parameter for each dependency."""
    if handler.takes(len(sources)):
        return
    count = len(handler.positional)
    takes = f"{count} parameter" if count == 1 else f"{count} parameters"
    gets = f"{len(sources)}: {_listed_titles(sources)}"
    cure = "Write one parameter for each"
    raise refuse(place, f"the handler takes {takes}, but gets {gets}", cure)


def check_argument(place: str, source: Source[Any], parameter: Parameter) -> None:
    """A parameter takes what its dependency gives, also when that was skipped."""
    if not fits(source.annotation, parameter.annotation):
        raise refuse(place, _misfit(source, parameter), "Make the two agree")
    if source.may_be_skipped and not fits(None, parameter.annotation):
        wanted = describe(parameter.annotation)
        fault = f"parameter '{parameter.name}' takes {wanted}, but {source.title} may be skipped"
        raise refuse(place, fault, f"A skipped step gives None: annotate it '{wanted} | None'")


def check_element(place: str, source: Source[Any], parameter: Parameter) -> None:
    """A map goes over a list, and its parameter takes an element of it."""
    given = source.annotation
    if not fits(given, list[Any]):
        fault = f"it maps over {source.title}, which gives {describe(given)}"
        raise refuse(place, fault, "A map goes over a list")
    if not fits(given, list[parameter.annotation]):
        raise refuse(place, _misfit(source, parameter), "A map takes one element: make them agree")


def _misfit(source: Source[Any], parameter: Parameter) -> str:
    wanted, given = describe(parameter.annotation), describe(source.annotation)
    return f"parameter '{parameter.name}' takes {wanted}, but {source.title} gives {given}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _listed_titles(sources: Iterable[Source[Any]]) -> str:
    return _listed(each.title for each in sources)
