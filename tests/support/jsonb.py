"""What PostgreSQL's jsonb says about types, equality and containment, in Python."""

from __future__ import annotations

import json
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def json_type(value: Json) -> str:
    """Name the type as `jsonb_typeof` does."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"


def contains(whole: Json, part: Json) -> bool:
    """The operator `whole @> part`, without its exception for a bare scalar in an array."""
    if json_type(whole) != json_type(part):
        return False
    if isinstance(part, dict):
        members = cast("dict[str, Json]", whole)
        return all(key in members and contains(members[key], part[key]) for key in part)
    if isinstance(part, list):
        elements = cast("list[Json]", whole)
        return all(any(contains(element, wanted) for element in elements) for wanted in part)
    return whole == part


def canonical(value: Json) -> str:
    """A text that is equal where jsonb is: `true` is not `1`, whatever Python thinks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
