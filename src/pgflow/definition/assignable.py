"""Whether values of one annotation can serve where another is wanted, after a trip through JSON.

A type checker judges the wiring of a flow exactly. This judges it when the flow is imported, and
says no only where hardly any value could ever fit: unknown types fit everything.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import inspect
import pathlib
import types
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from itertools import cycle, islice
from typing import (
    Annotated,
    Any,
    Literal,
    Never,
    NewType,
    NoReturn,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

_Pairs = frozenset[tuple[int, int]]

_TEXTS = (str, bytes, dt.date, dt.time, uuid.UUID, pathlib.PurePath)
_NUMBERS = {"integer", "number"}


def fits(given: Any, wanted: Any) -> bool:
    """False when a value annotated `given` can hardly ever be read as `wanted`."""
    return _fits(given, wanted, frozenset())


def _fits(given: Any, wanted: Any, seen: _Pairs) -> bool:
    given, wanted = _bare(given), _bare(wanted)
    if given == wanted or given in (Never, NoReturn):
        return True
    if _is_union(given):
        return all(_fits(each, wanted, seen) for each in get_args(given))
    if _is_union(wanted):
        return any(_fits(given, each, seen) for each in get_args(wanted))
    if _values(given) or _values(wanted):
        return _values_fit(given, wanted, seen)
    written, read = _written_as(given), _read_from(wanted)
    if not (written and read):
        return True
    return not written.isdisjoint(read) and _contents_fit(given, wanted, seen)


def _bare(annotation: Any) -> Any:
    """The annotation without what does not matter to its JSON."""
    if annotation is None:
        return types.NoneType
    if get_origin(annotation) in (Annotated, Required, NotRequired):
        return _bare(get_args(annotation)[0])
    if isinstance(annotation, NewType):
        return _bare(annotation.__supertype__)
    if isinstance(annotation, TypeVar):
        return _bare(annotation.__bound__ or Any)
    if type(annotation).__name__ == "TypeAliasType":
        return _bare(annotation.__value__)
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _values(annotation: Any) -> tuple[Any, ...]:
    """The values of a Literal or an Enum; nothing for a type with too many to list."""
    if get_origin(annotation) is Literal:
        members = get_args(annotation)
    elif _is_class(annotation, enum.Enum) and not issubclass(annotation, enum.Flag):
        members = tuple(annotation)
    else:
        return ()
    return tuple(m.value if isinstance(m, enum.Enum) else m for m in members)


def _values_fit(given: Any, wanted: Any, seen: _Pairs) -> bool:
    offered, taken = _values(given), _values(wanted)
    if offered and taken:
        return all((type(each), each) in [(type(one), one) for one in taken] for each in offered)
    if offered:
        return all(_fits(type(each), wanted, seen) for each in offered)
    return any(_fits(given, type(each), seen) for each in taken)


def _written_as(annotation: Any) -> set[str]:
    """The kinds of JSON that values of the annotation become; nothing when that is not known."""
    cls: Any = get_origin(annotation) or annotation
    if not inspect.isclass(cls) or cls is object or _has_own_schema(cls):
        return set()
    for types_, kind in (
        (types.NoneType, "null"),
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        ((*_TEXTS, decimal.Decimal, dt.timedelta), "string"),
    ):
        if issubclass(cls, types_):
            return {kind}
    if _is_record(cls) or is_typeddict(cls) or issubclass(cls, Mapping):
        return {"object"}
    return {"array"} if issubclass(cls, Iterable) else set()


def _read_from(annotation: Any) -> set[str]:
    """The kinds of JSON that the annotation takes."""
    kinds = _written_as(annotation)
    if _is_class(annotation, decimal.Decimal) or _is_class(annotation, dt.timedelta):
        return kinds | _NUMBERS
    return kinds | {"integer"} if "number" in kinds else kinds


def _contents_fit(given: Any, wanted: Any, seen: _Pairs) -> bool:
    pair = (id(given), id(wanted))
    if pair in seen:
        return True
    seen = seen | {pair}
    if is_typeddict(given) and is_typeddict(wanted):
        return _keys_fit(given, wanted, seen)
    ours, theirs = get_origin(given) or given, get_origin(wanted) or wanted
    if _is_record(ours) and _is_record(theirs):
        return issubclass(ours, theirs) or issubclass(theirs, ours)
    return _elements_fit(_elements(given), _elements(wanted), seen)


def _keys_fit(given: Any, wanted: Any, seen: _Pairs) -> bool:
    try:
        ours = get_type_hints(given, include_extras=True)
        theirs = get_type_hints(wanted, include_extras=True)
    except (NameError, AttributeError, TypeError, SyntaxError):
        return True
    return all(
        _fits(ours[key], hint, seen) if key in ours else not _is_required(wanted, key, hint)
        for key, hint in theirs.items()
    )


def _is_required(typed_dict: Any, key: str, hint: Any) -> bool:
    # Of annotations that are strings, __required_keys__ does not see the NotRequired.
    if get_origin(hint) in (Required, NotRequired):
        return get_origin(hint) is Required
    return key in typed_dict.__required_keys__


def _elements(annotation: Any) -> tuple[tuple[Any, ...], bool]:
    """The annotations of what the container holds, and whether that is repeated at will."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if _is_record(origin) or is_typeddict(origin):
        return (), True
    if origin is tuple:
        return (arguments[:1], True) if arguments[-1] is ... else (arguments, False)
    return arguments[-1:], True


def _elements_fit(
    given: tuple[tuple[Any, ...], bool], wanted: tuple[tuple[Any, ...], bool], seen: _Pairs
) -> bool:
    (ours, ours_repeat), (theirs, theirs_repeat) = given, wanted
    if not (ours and theirs):
        return True
    if not (ours_repeat or theirs_repeat or len(ours) == len(theirs)):
        return False
    length = max(len(ours), len(theirs))
    pairs = islice(zip(cycle(ours), cycle(theirs)), length)
    return all(_fits(each, other, seen) for each, other in pairs)


def _is_record(cls: Any) -> bool:
    """A class with fields of its own: a dataclass or a pydantic model."""
    return inspect.isclass(cls) and (is_dataclass(cls) or hasattr(cls, "__pydantic_fields__"))


def _has_own_schema(cls: Any) -> bool:
    if _is_record(cls):
        return getattr(cls, "__pydantic_root_model__", False)
    return hasattr(cls, "__get_pydantic_core_schema__")


def _is_class(annotation: Any, parent: type) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, parent)
