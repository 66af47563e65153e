"""What a handler says about itself: its parameters, its result, whether it is asynchronous."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pgflow.definition.annotations import Names, Unresolved, describe, resolved

logger = logging.getLogger(__name__)

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a handler. Without an annotation it takes any JSON."""

    name: str
    annotation: Any
    has_default: bool


@dataclass(frozen=True, slots=True)
class Handler:
    """A function and its signature. `rest` is the `*args` that takes what is left."""

    function: Function
    positional: tuple[Parameter, ...]
    rest: Parameter | None
    keywords: tuple[Parameter, ...]
    returns: Any
    is_async: bool
    is_generator: bool

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many positional arguments."""
        if self.rest:
            return len(self.positional) <= count
        return len(self.positional) == count

    def parameter(self, position: int) -> Parameter:
        """The parameter that gets the argument at this position."""
        if self.rest and position >= len(self.positional):
            return self.rest
        return self.positional[position]

    def settled(self, annotation: Any, owner: str) -> Any:
        """The annotation, looked up again by now; `Any` if a name in it still means nothing."""
        if isinstance(annotation, Unresolved):
            annotation = resolved(annotation.annotation, _globals(self.function))
        if not isinstance(annotation, Unresolved):
            return annotation
        logger.warning(
            "%s: the annotation %s means nothing at run time, so the value stays plain JSON. "
            "Import the name outside of 'if TYPE_CHECKING'",
            owner,
            describe(annotation),
        )
        return Any


def read_handler(function: Function, local: Names) -> Handler:
    """What the signature of the function says. `local`: the names where it is declared."""
    signature, names = _signature(function), _globals(function)
    code = _code(function)

    def meant(annotation: Any) -> Any:
        return Any if annotation is inspect.Signature.empty else resolved(annotation, names, local)

    def parameters(*kinds: Any) -> tuple[Parameter, ...]:
        return tuple(
            Parameter(each.name, meant(each.annotation), each.default is not each.empty)
            for each in signature.parameters.values()
            if each.kind in kinds
        )

    kinds = inspect.Parameter
    return Handler(
        function=function,
        positional=parameters(kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD),
        rest=next(iter(parameters(kinds.VAR_POSITIONAL)), None),
        keywords=parameters(kinds.KEYWORD_ONLY),
        returns=function if inspect.isclass(function) else meant(signature.return_annotation),
        is_async=inspect.iscoroutinefunction(code),
        is_generator=inspect.isgeneratorfunction(code) or inspect.isasyncgenfunction(code),
    )


def _code(function: Function) -> Any:
    """The function behind a partial, or behind an instance or a class that is called."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.isclass(function):
        return function.__init__
    return function if inspect.isroutine(function) else type(function).__call__


def _globals(function: Function) -> Names:
    return getattr(inspect.unwrap(_code(function)), "__globals__", {})


def _signature(function: Function) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except ValueError:  # functions written in C may not say
        return inspect.signature(lambda *arguments: arguments)
