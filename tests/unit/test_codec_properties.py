from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import math
import uuid
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from hypothesis import given
from hypothesis import strategies as st

from pgflow import InvalidOutput
from pgflow.definition.codec import Codec

letters = st.text("aZ0 ü€😀'\"\\/\n\x00\ud800", max_size=5)
clean_letters = st.text("aZ0 ü€😀'\"\\/\n", max_size=5)


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


class Word(TypedDict):
    text: str
    length: int | None


@dataclass
class Page:
    url: str
    words: list[Word]
    at: dt.datetime | None
    meta: dict[str, bool]


words = st.fixed_dictionaries({"text": clean_letters, "length": st.none() | st.integers()})
moments = st.datetimes(timezones=st.just(dt.UTC))
pages = st.builds(
    Page,
    url=clean_letters,
    words=st.lists(words, max_size=2),
    at=st.none() | moments,
    meta=st.dictionaries(clean_letters, st.booleans(), max_size=2),
)
finite = st.floats(allow_nan=False, allow_infinity=False)

TYPES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers()),
    (float, finite),
    (str, clean_letters),
    (bool, st.booleans()),
    (bytes, clean_letters.map(str.encode)),
    (dt.date, st.dates()),
    (dt.datetime, moments),
    (dt.timedelta, st.timedeltas(dt.timedelta(0), dt.timedelta(days=999))),
    (uuid.UUID, st.uuids()),
    (decimal.Decimal, st.decimals(allow_nan=False, allow_infinity=False)),
    (Colour, st.sampled_from(Colour)),
    (Literal["a", 1, None], st.sampled_from(["a", 1, None])),
    (Word, words),
    (Page, pages),
]


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Any, Any]:
    annotation, values = draw(st.sampled_from(TYPES))
    wrapped: list[tuple[Any, st.SearchStrategy[Any]]] = [
        (annotation, values),
        (list[annotation], st.lists(values, max_size=3)),
        (dict[str, annotation], st.dictionaries(clean_letters, values, max_size=3)),
        (tuple[annotation, int], st.tuples(values, st.integers())),
        (annotation | None, st.none() | values),
    ]
    chosen, strategy = draw(st.sampled_from(wrapped))
    return chosen, draw(strategy)


@given(typed_values())
def test_a_typed_value_comes_back_equal(typed: tuple[Any, Any]) -> None:
    annotation, value = typed
    codec = Codec[Any](annotation)

    text = codec.encode_json(value)

    assert codec.decode_json(text) == value
    assert json.loads(codec.encode_json(codec.decode_json(text))) == json.loads(text)
    assert codec.decode_json(codec.encode_input(value)) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | letters,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
        max_leaves=6,
    )
)
def test_plain_json_comes_back_equal_or_is_refused_for_a_reason(value: Any) -> None:
    codec = Codec[Any]()
    try:
        text = codec.encode_json(value)
    except InvalidOutput:
        assert holds_what_postgres_cannot(value)
        return

    assert not holds_what_postgres_cannot(value)
    assert codec.decode_json(text) == json.loads(text) == value


def holds_what_postgres_cannot(value: Any) -> bool:
    match value:
        case dict():
            return any(map(holds_what_postgres_cannot, (*value.keys(), *value.values())))
        case list():
            return any(map(holds_what_postgres_cannot, value))
        case float():
            return not math.isfinite(value)
        case str():
            return "\0" in value or "\ud800" in value
        case _:
            return False
