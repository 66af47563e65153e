"""TypedDicts of the standard library, which pydantic does not take before Python 3.12."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Generic, NotRequired, Required, TypedDict, TypeVar

import pytest
import typing_extensions
from pydantic import Field

from pgflow.definition.codec import Codec
from pgflow.errors import InvalidInput

T = TypeVar("T")


class Word(TypedDict):
    text: str
    length: NotRequired[Annotated[int, Field(ge=0)]]


class Page(TypedDict, total=False):
    url: Required[str]
    words: list[Word]
    links: dict[str, Word | None]


class LongPage(Page):
    pages: int


class Tree(TypedDict):
    name: str
    children: list[Tree]


class Envelope(TypedDict, Generic[T]):
    content: T
    copies: list[T]


class Modern(typing_extensions.TypedDict):
    word: str


@dataclass
class Book:
    first: Word
    others: list[Word]
    parts: list[Book]
    tree: Tree | None = None


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Word, {"text": "a", "length": 1}),
        (Word, {"text": "a"}),
        (Page, {"url": "x", "words": [{"text": "a"}], "links": {"a": None, "b": {"text": "b"}}}),
        (LongPage, {"url": "x", "pages": 3}),
        (Tree, {"name": "a", "children": [{"name": "b", "children": []}]}),
        (Envelope[Word], {"content": {"text": "a"}, "copies": [{"text": "b"}]}),
        (list[Envelope[int]], [{"content": 1, "copies": []}]),
        (Modern, {"word": "a"}),
        (tuple[Word, ...] | None, ({"text": "a"},)),
        (Annotated[list[Word], Field(max_length=2)], [{"text": "a"}]),
        (
            Book,
            Book({"text": "a"}, [{"text": "b"}], [Book({"text": "c"}, [], [])]),
        ),
        (Book, Book({"text": "a"}, [], [], {"name": "a", "children": []})),
    ],
    ids=str,
)
def test_a_typed_dict_goes_there_and_back(annotation: Any, value: Any) -> None:
    codec = Codec[Any](annotation)

    assert codec.decode_json(codec.encode_json(value)) == value


@pytest.mark.parametrize(
    ("annotation", "raw", "reason"),
    [
        (Word, "{}", "text: field required"),
        (Page, "{}", "url: field required"),
        (
            Word,
            '{"text": "a", "length": -1}',
            "length: expected greater than or equal to 0, got -1",
        ),
        (
            Tree,
            '{"name": "a", "children": [{"name": 1, "children": []}]}',
            "children.0.name: expected a valid string, got 1",
        ),
        (
            Envelope[int],
            '{"content": "a", "copies": []}',
            "content: expected a valid integer, got 'a'",
        ),
        (
            Book,
            '{"first": {}, "others": [], "parts": []}',
            "first.text: field required",
        ),
    ],
)
def test_its_keys_and_values_are_checked(annotation: Any, raw: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Codec[Any](annotation).decode_json(raw)
    assert str(caught.value) == f"value does not validate: {reason}"


def test_the_schema_bears_the_name_of_the_class() -> None:
    schema = Codec[Word](Word).json_schema()

    assert schema["title"] == "Word"
    assert schema["required"] == ["text"]
