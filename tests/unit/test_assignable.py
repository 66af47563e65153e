"""What may stand at both ends of an edge, judged without a type checker."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NoReturn,
    NotRequired,
    TypedDict,
    TypeVar,
)

import pytest
from pydantic import BaseModel, JsonValue, RootModel
from typing_extensions import TypeAliasType

from pgflow.definition.annotations import Unresolved, describe
from pgflow.definition.assignable import fits

T = TypeVar("T")
Text = TypeVar("Text", bound=str)
UserId = NewType("UserId", int)
Numbers = TypeAliasType("Numbers", list[int])


class Person(TypedDict):
    name: str
    age: NotRequired[int]


class Named(TypedDict):
    name: str


class Numbered(TypedDict):
    number: int


class OddlyNamed(TypedDict):
    name: int


class Tree(TypedDict):
    children: list[Tree]


class OtherTree(TypedDict):
    children: list[OtherTree]


@dataclass
class Page:
    text: str


@dataclass
class LongPage(Page):
    pages: int


@dataclass
class Box(Generic[T]):
    content: T


class Envelope(TypedDict, Generic[T]):
    content: T


class Order(BaseModel):
    number: int


class Names(RootModel[list[str]]):
    pass


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.IntFlag):
    READ = 1


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, int),
        (int, float),
        (int, Any),
        (Any, int),
        (object, int),
        (int, object),
        (None, None),
        (None, int | None),
        (str, int | str),
        (int | str, str | int | None),
        (str, str | None),
        (NoReturn, int),
        (Unresolved("Foo"), int),
        (int, Unresolved("Foo")),
        (Annotated[int, "x"], int),
        (UserId, int),
        (int, UserId),
        (T, int),
        (str, Text),
        (Numbers, list[float]),
        (Literal["a"], str),
        (Literal["a"], Literal["a", "b"]),
        (str, Literal["a", 1]),
        (Colour, Colour),
        (Colour, str),
        (str, Colour),
        (Literal["red"], Colour),
        (Level, int),
        (Rights, int),
        (str, dt.datetime),
        (dt.datetime, str),
        (str, uuid.UUID),
        (decimal.Decimal, decimal.Decimal),
        (float, decimal.Decimal),
        (str, decimal.Decimal),
        (list[int], list[int]),
        (list[int], list[float]),
        (list[int], list[Any]),
        (list[int], list),
        (list, list[int]),
        (list[int], Sequence[int]),
        (list[int], Iterable[int]),
        (list[int], set[int]),
        (tuple[int, str], tuple[int, str]),
        (tuple[int, ...], list[int]),
        (tuple[int, int], list[int]),
        (list[int], tuple[int, int]),
        (Point, tuple[int, int]),
        (dict[str, int], dict[str, float]),
        (dict[str, Any], Mapping[str, int]),
        (dict[str, Any], Person),
        (dict[str, Any], Page),
        (Person, dict[str, Any]),
        (Person, Named),
        (Named, Person),
        (Tree, OtherTree),
        (Page, Page),
        (LongPage, Page),
        (Page, LongPage),
        (Page, Person),
        (Order, dict[str, Any]),
        (Box[int], Box[str]),
        (dict[str, str], Box[int]),
        (dict[str, str], Envelope[int]),
        (Names, list[str]),
        (JsonValue, JsonValue),
        (list[JsonValue], list[JsonValue]),
        (list[Page] | None, list[Page] | None),
    ],
    ids=describe,
)
def test_these_fit(given: Any, wanted: Any) -> None:
    assert fits(given, wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, str),
        (str, int),
        (float, int),
        (bool, int),
        (int, bool),
        (None, int),
        (int, None),
        (int | None, int),
        (int, str | None),
        (str, int | float | None),
        (UserId, str),
        (int, Text),
        (Numbers, list[str]),
        (Annotated[int, "x"], str),
        (Literal["a"], int),
        (Literal["a", "c"], Literal["a", "b"]),
        (Literal[1], Literal[True]),
        (int, Literal["a", "b"]),
        (Colour, int),
        (int, Colour),
        (Literal["green"], Colour),
        (Level, str),
        (Rights, str),
        (int, dt.datetime),
        (decimal.Decimal, float),
        (list[int], list[str]),
        (list[list[int]], list[list[str]]),
        (list[int], int),
        (int, list[int]),
        (str, list[str]),
        (str, Sequence[str]),
        (tuple[int, str], tuple[int, int]),
        (tuple[int, str], tuple[int, str, int]),
        (tuple[int, str], list[int]),
        (dict[str, int], dict[str, str]),
        (dict[str, int], list[int]),
        (Person, str),
        (Person, list[Person]),
        (Person, Numbered),
        (Named, OddlyNamed),
        (list[Person], list[Numbered]),
        (Page, Order),
        (Box[int], Page),
        (Page, int),
        (Order, list[int]),
        (list[Page] | None, list[Page]),
    ],
    ids=describe,
)
def test_these_do_not_fit(given: Any, wanted: Any) -> None:
    assert not fits(given, wanted)


def test_a_typed_dict_with_an_unknown_name_fits() -> None:
    class Odd(TypedDict):
        number: int

    Odd.__annotations__["number"] = "Unheard"

    assert fits(Numbered, Odd)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (None, "None"),
        (Any, "Any"),
        (int, "int"),
        (Person, "Person"),
        (list[Person], "list[Person]"),
        (dict[str, int | None], "dict[str, int | None]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (Annotated[list[int], "x"], "list[int]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Box[int], "Box[int]"),
        (Mapping[str, Any], "Mapping[str, Any]"),
        (Unresolved("list[Foo]"), "list[Foo]"),
        (UserId, "UserId"),
        (T, "T"),
        (Numbers, "Numbers"),
    ],
)
def test_an_annotation_is_put_into_words(annotation: Any, words: str) -> None:
    assert describe(annotation) == words
