"""What is wrong with a value, in words: where in it, what was expected, what is there."""

from __future__ import annotations

import inspect
import math
import reprlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Location = tuple[int | str, ...]
Place = Callable[[Location], Location]

# Who reads JSON stops at 200 levels, and some come around a value: its step's name, a map's list.
DEEPEST = 190

_MENTIONED = 5
_LONGEST = 300
_WORTHLESS_WHEN_SHOWN = ("missing", "json_invalid", "unexpected_keyword_argument")

_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def mismatches(error: ValueError, place: Place | None = None) -> str:
    """The first few complaints of a validation, one after the other."""
    from pydantic_core import ValidationError  # slow to import, and here it is loaded already

    if not isinstance(error, ValidationError):
        return " ".join(str(error).split())[:_LONGEST]
    details = error.errors(include_url=False, include_context=False)
    told = [_mismatch(each, place) for each in details[:_MENTIONED]]
    rest = len(details) - len(told)
    return "; ".join(told) + (f"; and {rest} more" if rest else "")


def _mismatch(detail: ErrorDetails, place: Place | None) -> str:
    location = place(detail["loc"]) if place else detail["loc"]
    return _at(location, _expectation(detail["msg"]) + _got(detail))


def _expectation(message: str) -> str:
    wanted = message.removeprefix("Input should be ")
    return f"expected {wanted}" if wanted != message else message[:1].lower() + message[1:]


def _got(detail: ErrorDetails) -> str:
    if detail["type"] in _WORTHLESS_WHEN_SHOWN:
        return ""
    return f", got {_short.repr(detail['input'])}"


def why_not_json(value: Any) -> str | None:
    """The first thing in the value that JSON in Postgres cannot hold, None if all is well."""
    for part in _parts(value):
        if reason := _why_not_json(part.value):
            return _at(part.location(), reason)
    return None


def is_too_deep(text: str) -> bool:
    """Whether the JSON text is nested deeper than its readers can follow."""
    if len(text) <= 2 * DEEPEST or text.count("[") + text.count("{") <= DEEPEST:
        return False
    if "\\" in text:
        text = text.replace(r"\\", "").replace(r"\"", "")
    # Most strings hold no bracket, and are two quotes by now: they go first, because that is quick.
    bare = text.encode().translate(_BRACKETS, _NO_BRACKETS).replace(b'""', b"")
    left = b"".join(bare.split(b'"')[::2])  # what is outside of strings
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")  # the innermost level
    return bool(left)


@dataclass(frozen=True, slots=True)
class _Part:
    value: Any
    key: Any = None
    inside: _Part | None = None

    def location(self) -> Location:
        """The keys that lead here from outside."""
        keys: list[Any] = []
        part = self
        while part.inside:
            keys.append(part.key)
            part = part.inside
        return tuple(reversed(keys))


@dataclass(frozen=True, slots=True)
class _BadKey:
    key: object


def _parts(value: Any) -> Iterator[_Part]:
    """The value and all that it contains. A container that contains itself comes once only."""
    seen: set[int] = set()
    waiting = [_Part(value)]
    while waiting:
        part = waiting.pop()
        yield part
        if id(part.value) not in seen:
            seen.add(id(part.value))
            members = [_Part(each, key, part) for key, each in _members(part.value)]
            waiting.extend(reversed(members))


def _members(container: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(container, list | tuple):
        yield from enumerate(cast("Sequence[Any]", container))
    elif isinstance(container, dict):
        for key, each in cast("dict[Any, Any]", container).items():
            is_good = isinstance(key, str | int | float | None)
            yield f"key {_short.repr(key)}", key if is_good else _BadKey(key)
            yield key, each


def _why_not_json(part: Any) -> str | None:
    match part:
        case str():
            return _why_not_text(part)
        case float() if not math.isfinite(part):
            return f"{part} is no JSON number"
        case None | bool() | int() | float() | dict() | list() | tuple():
            return None
        case _BadKey():
            return f"'{_kind(part.key)}' is no type of key in JSON"
        case _ if inspect.isawaitable(part):
            return "it was never awaited. Make the handler 'async def' and await it"
        case _:
            return f"'{_kind(part)}' is no JSON type"


def _why_not_text(text: str) -> str | None:
    if "\0" in text:
        return r"the text contains \u0000, which Postgres cannot store"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return rf"the text contains the lone surrogate \u{ord(text[error.start]):04x}"
    return None


def _kind(value: object) -> str:
    return type(value).__qualname__


def _at(location: Location, reason: str) -> str:
    path = ".".join(map(str, location))
    return f"{path}: {reason}" if path else reason
