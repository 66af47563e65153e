"""`typing.TypedDict` for pydantic on Python 3.11.

Pydantic takes `typing.TypedDict` from Python 3.12 on; before, it insists on `typing_extensions`.
Authors of flows should not have to care: each `typing.TypedDict` that an annotation reaches is
replaced by an equal one of `typing_extensions`, its twin.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import typing_extensions

_Bindings = dict[TypeVar, Any]
_TypedDict: Any = typing_extensions.TypedDict


def digestible(annotation: Any) -> Any:
    """The annotation in a form that pydantic takes on this version of Python."""
    return annotation if sys.version_info >= (3, 12) else _Twins().translate(annotation, {})


class _Twins:
    """One translation. It remembers its twins, because a TypedDict may refer to itself."""

    def __init__(self) -> None:
        self._made: dict[tuple[type, tuple[Any, ...]], type] = {}
        self._taught: set[Any] = set()

    def translate(self, annotation: Any, bindings: _Bindings) -> Any:
        if isinstance(annotation, TypeVar):
            return bindings.get(annotation, annotation)
        if _is_plain_typed_dict(annotation):
            return self._twin(annotation, ())
        if is_dataclass(annotation):
            self._teach(annotation)
        return self._translate_generic(annotation, bindings)

    def _translate_generic(self, annotation: Any, bindings: _Bindings) -> Any:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is None or origin is Literal:
            return annotation
        if origin is Annotated:
            return Annotated[(self.translate(arguments[0], bindings), *arguments[1:])]
        translated = tuple(self.translate(each, bindings) for each in arguments)
        if _is_plain_typed_dict(origin):
            return self._twin(origin, translated)
        return annotation if translated == arguments else _rebuilt(annotation, origin, translated)

    def _twin(self, original: Any, arguments: tuple[Any, ...]) -> type:
        key = (original, arguments)
        if key not in self._made:
            self._made[key] = twin = _TypedDict(original.__name__, {})
            self._furnish(twin, original, arguments)
        return self._made[key]

    def _furnish(self, twin: Any, original: Any, arguments: tuple[Any, ...]) -> None:
        parameters: tuple[TypeVar, ...] = getattr(original, "__parameters__", ())
        bindings = dict(zip(parameters, arguments, strict=False))
        hints = get_type_hints(original, include_extras=True)
        twin.__annotations__ = {k: self.translate(hint, bindings) for k, hint in hints.items()}
        twin.__required_keys__ = original.__required_keys__
        twin.__optional_keys__ = original.__optional_keys__
        twin.__doc__ = original.__doc__
        twin.__module__, twin.__qualname__ = original.__module__, original.__qualname__
        if hasattr(original, "__pydantic_config__"):
            twin.__pydantic_config__ = original.__pydantic_config__

    def _teach(self, cls: Any) -> None:
        """Let the TypedDicts among the fields of a dataclass tell pydantic of their twins.

        The dataclass itself must stay what it is: handlers make instances of it.
        """
        if cls in self._taught:
            return
        self._taught.add(cls)
        for hint in get_type_hints(cls, include_extras=True).values():
            for part in _parts(hint):
                if _is_plain_typed_dict(part):
                    part.__get_pydantic_core_schema__ = _schema_of_twin
                self.translate(part, {})


def _schema_of_twin(source: Any, handler: Callable[[Any], Any]) -> Any:
    return handler(_Twins().translate(source, {}))


def _parts(annotation: Any) -> list[Any]:
    arguments = [part for each in get_args(annotation) for part in _parts(each)]
    return [get_origin(annotation) or annotation, *arguments]


def _is_plain_typed_dict(candidate: Any) -> bool:
    return type(candidate).__module__ == "typing" and typing_extensions.is_typeddict(candidate)


def _rebuilt(annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> Any:
    if origin in (Union, types.UnionType):
        return functools.reduce(lambda one, other: one | other, arguments)
    if hasattr(annotation, "copy_with"):
        return annotation.copy_with(arguments)
    return origin[arguments]
