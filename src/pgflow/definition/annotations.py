"""Annotations as their author wrote them: their names looked up, and put into words."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

Names = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An annotation with a name that means nothing (yet).

    The class may stand further down in the module, or be imported for type checkers only.
    """

    annotation: Any


def resolved(annotation: Any, names: Names, local: Names | None = None) -> Any:
    """The annotation with its names looked up, or an `Unresolved`."""
    carrier = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return get_type_hints(carrier, _as_dict(names), local, include_extras=True)["it"]
    except (NameError, AttributeError, TypeError, SyntaxError):
        return Unresolved(annotation)


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in the code: its module, and its local names, which functions there may refer to."""

    module: str
    names: Names

    @classmethod
    def of_caller(cls) -> Scope:
        """The place that called the function that calls this."""
        frame = inspect.currentframe()
        for _ in range(2):
            frame = frame and frame.f_back
        if not frame:
            return cls("__main__", {})
        return cls(frame.f_globals.get("__name__", "__main__"), frame.f_locals)


def describe(annotation: Any) -> str:
    """The annotation as one would write it, without module names."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, Unresolved):
        return describe(annotation.annotation)
    if annotation is None or annotation is types.NoneType:
        return "None"
    if origin is Annotated:
        return describe(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(map(describe, arguments))
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None:
        return f"{_name(origin)}[{', '.join(map(describe, arguments))}]"
    return _name(annotation)


def _name(annotation: Any) -> str:
    if annotation is ...:
        return "..."
    if isinstance(annotation, str):
        return annotation
    return getattr(annotation, "__name__", None) or str(annotation).removeprefix("typing.")


def _as_dict(names: Names) -> dict[str, Any]:
    return names if isinstance(names, dict) else dict(names)
