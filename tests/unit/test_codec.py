from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import pathlib
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import pytest
from pydantic import BaseModel, Field

from pgflow.definition.codec import Codec
from pgflow.errors import InvalidInput, InvalidOutput


def untyped(value: Any) -> Any:
    return value


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


class Person(TypedDict):
    name: str
    born: dt.date


@dataclass
class Page:
    text: str
    links: list[str] = field(default_factory=list[str])


class Order(BaseModel):
    number: int
    pages: list[Page] = []
    key: str = Field("", alias="orderKey")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Measurement:
    value: float
    details: dict[str, Any]


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (Any, {"b": [1, 2.5, None, True], "a": "ü"}, '{"b":[1,2.5,null,true],"a":"ü"}'),
        (Any, "\\u0000", '"\\\\u0000"'),
        (object, 1, "1"),
        (None, None, "null"),
        (int, 10**30, "1" + "0" * 30),
        (float, 1, "1"),
        (dict[str, int | None], {"a": None}, '{"a":null}'),
        (list[dict[str, Any]], [{"a": []}], '[{"a":[]}]'),
        (Person, {"name": "Ada", "born": dt.date(1815, 12, 10)}, None),
        (Page, Page("hi"), '{"text":"hi","links":[]}'),
        (Order, Order(number=1, orderKey="k"), '{"number":1,"pages":[],"orderKey":"k"}'),
        (list[Page | Point], [Page("hi"), Point(1, 2)], '[{"text":"hi","links":[]},[1,2]]'),
        (Colour, Colour.RED, '"red"'),
        (Literal["a", 1], 1, "1"),
        (uuid.UUID, uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (decimal.Decimal, decimal.Decimal("1.50"), '"1.50"'),
        (dt.datetime, dt.datetime(2026, 1, 2, tzinfo=dt.UTC), '"2026-01-02T00:00:00Z"'),
        (dt.timedelta, dt.timedelta(seconds=90), '"PT1M30S"'),
        (bytes, b"hi", '"hi"'),
        (pathlib.Path, pathlib.Path("/tmp/x"), '"/tmp/x"'),
        (tuple[int, str], (1, "a"), '[1,"a"]'),
        (dict[int, str], {1: "a"}, '{"1":"a"}'),
    ],
    ids=str,
)
def test_a_value_becomes_compact_json_and_comes_back(
    annotation: Any, value: Any, text: str | None
) -> None:
    codec = Codec[Any](annotation)

    encoded = codec.encode_json(value)

    assert encoded == (text or encoded)
    assert codec.decode_json(encoded) == value
    assert codec.decode_json(encoded.encode()) == value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "nan is no JSON number"),
        ({"a": [1, float("-inf")]}, "a.1: -inf is no JSON number"),
        ({"a": "x\0"}, r"a: the text contains \u0000, which Postgres cannot store"),
        ({"x\0": 1}, r"key 'x\x00': the text contains \u0000, which Postgres cannot store"),
        (["ok", "\ud800"], r"1: the text contains the lone surrogate \ud800"),
        ({1, 2}, "'set' is no JSON type"),
        ({"a": {"b": dt.date(2026, 1, 2)}}, "a.b: 'date' is no JSON type"),
        ({"a": object}, "a: 'type' is no JSON type"),
        ({(1, 2): 1}, "key (1, 2): 'tuple' is no type of key in JSON"),
        (b"raw", "'bytes' is no JSON type"),
    ],
)
def test_a_plain_result_that_is_not_json_says_where_and_why(value: Any, reason: str) -> None:
    with pytest.raises(InvalidOutput) as caught:
        Codec[Any](subject="result of step 'a'").encode_json(value)
    assert str(caught.value) == f"result of step 'a' is not JSON: {reason}"


def test_a_value_that_contains_itself_is_not_json() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(InvalidOutput, match=r"^value is not JSON: Circular reference detected$"):
        Codec[Any]().encode_json(endless)


@pytest.mark.parametrize("levels", [191, 300, 900, 10_000])
def test_a_value_that_is_nested_too_deeply_is_not_stored(levels: int) -> None:
    for codec in (Codec[Any](), Codec[Any](list[Any])):
        with pytest.raises(InvalidOutput, match=r"^value is nested deeper than 190 levels\. "):
            codec.encode_json(nested(levels))
        with pytest.raises(InvalidInput, match=r"^value is nested deeper than 190 levels\. "):
            codec.encode_input(nested(levels))


@pytest.mark.parametrize(
    "value",
    [
        nested(190),
        [{}, [{}]] * 1000,
        ["[{" * 500],
        ['"[', "]", '\\"[', "\\\\", '\\\\"[', "\n[", ""] * 500,
        {'{"': {"[\\": ["[" * 100]}, "}": nested(189)},
    ],
    ids=["190 levels", "wide", "brackets in a text", "quotes and backslashes", "keys"],
)
def test_what_is_not_nested_too_deeply_can_be_read_with_what_is_put_around_it(value: Any) -> None:
    text = Codec[Any]().encode_json(value)

    assert Codec[Any]().decode_json(f'{{"step":[{text}]}}') == {"step": [value]}


async def test_a_coroutine_says_that_nobody_awaited_it() -> None:
    async def fetch() -> int:
        return 1

    forgotten = fetch()

    with pytest.raises(InvalidOutput) as caught:
        Codec[Any](subject="result of step 'a'").encode_json(forgotten)
    assert await forgotten == 1
    assert str(caught.value) == (
        "result of step 'a' is not JSON: it was never awaited. "
        "Make the handler 'async def' and await it"
    )


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        (int, "5", "annotation int: expected a valid integer, got '5'"),
        (int, True, "annotation int: expected a valid integer, got True"),
        (str, None, "annotation str: expected a valid string, got None"),
        (
            dict[str, int],
            {"a": "b"},
            "annotation dict[str, int]: a: expected a valid integer, got 'b'",
        ),
        (Page, {"texts": "hi"}, "annotation Page: text: field required"),
        (Page, Page(untyped(5)), "annotation Page: text: expected a valid string, got 5"),
        (Person, {"name": "Ada"}, "annotation Person: born: field required"),
        (Person, None, "annotation Person: expected an object, got None"),
        (
            Page,
            Page(untyped(None)),
            "annotation Page: text: expected a valid string, got None",
        ),
        (Colour, "blue", "annotation Colour: expected 'red', got 'blue'"),
        (list[Page] | None, [1], "annotation list[Page] | None: 0: expected an object, got 1"),
    ],
    ids=str,
)
def test_a_result_that_does_not_match_its_annotation_says_so(
    annotation: Any, value: Any, reason: str
) -> None:
    with pytest.raises(InvalidOutput) as caught:
        Codec[Any](annotation).encode_json(value)
    assert str(caught.value) == f"value does not match its {reason}"


@pytest.mark.parametrize(
    ("annotation", "value", "path"),
    [
        (tuple[float, ...], (1.0, float("nan")), "1"),
        (Measurement, Measurement(float("nan"), {}), "value"),
        (Measurement, Measurement(1.0, {"a": [float("nan")]}), "details.a.0"),
        (list[Measurement], [Measurement(1.0, {"a": float("nan")})], "0.details.a"),
    ],
)
def test_nan_inside_a_typed_result_is_found(annotation: Any, value: Any, path: str) -> None:
    with pytest.raises(InvalidOutput) as caught:
        Codec[Any](annotation).encode_json(value)
    assert str(caught.value) == f"value is not JSON: {path}: nan is no JSON number"


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (Page, {"text": "hi"}, '{"text":"hi"}'),
        (list[int], (1, 2), "[1,2]"),
        (Colour, "red", '"red"'),
        (float, 1, "1"),
    ],
    ids=str,
)
def test_a_result_that_reads_the_same_as_json_matches(
    annotation: Any, value: Any, text: str
) -> None:
    assert Codec[Any](annotation).encode_json(value) == text


def test_an_annotation_that_cannot_be_remembered_works_all_the_same() -> None:
    assert Codec[int](Annotated[int, []]).decode_json("1") == 1


@pytest.mark.parametrize(
    ("annotation", "raw", "reason"),
    [
        (int, '"5"', "expected a valid integer, got '5'"),
        (bool, "1", "expected a valid boolean, got 1"),
        (Person, '{"name": "Ada"}', "born: field required"),
        (list[Page], '[{"text": "a"}, {"text": 1}]', "1.text: expected a valid string, got 1"),
        (Order, "[]", "expected an object, got []"),
        (
            list[int],
            json.dumps([""] * 7),
            "; ".join(f"{n}: expected a valid integer, got ''" for n in range(5)) + "; and 2 more",
        ),
        (int, f'"{"a" * 1000}"', f"expected a valid integer, got '{'a' * 27}...{'a' * 28}'"),
    ],
)
def test_json_that_does_not_validate_says_where_what_and_what_instead(
    annotation: Any, raw: str, reason: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Codec[Any](annotation, subject="input of flow 'shop'").decode_json(raw)
    assert str(caught.value) == f"input of flow 'shop' does not validate: {reason}"


def test_text_that_is_no_json_is_an_invalid_input() -> None:
    with pytest.raises(InvalidInput, match=r"^value does not validate: invalid JSON: "):
        Codec[Any]().decode_json("{nope}")


def test_fields_may_be_missing_in_the_validators_of_a_model() -> None:
    class Even(BaseModel):
        number: int

        def model_post_init(self, context: Any, /) -> None:
            if self.number % 2:
                message = "odd"
                raise ValueError(message)

    with pytest.raises(InvalidInput) as caught:
        Codec[Even](Even).decode_json('{"number": 1}')
    assert str(caught.value) == ("value does not validate: value error, odd, got {'number': 1}")
