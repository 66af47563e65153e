"""Values that arrive from outside: the input of a run."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

from pgflow import Flow, InvalidInput, InvalidOutput

wrong_page: Any = 1


class Person(TypedDict):
    first_name: str
    last_name: str


@dataclass
class Visit:
    at: dt.date
    page: str


class Order(BaseModel):
    number: int
    visits: list[Visit] = []


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (Person, {"first_name": "Ada", "last_name": "L"}, '{"first_name":"Ada","last_name":"L"}'),
        (Visit, Visit(dt.date(2026, 1, 2), "/"), '{"at":"2026-01-02","page":"/"}'),
        (Visit, {"at": "2026-01-02", "page": "/"}, '{"at":"2026-01-02","page":"/"}'),
        (Visit, {"at": dt.date(2026, 1, 2), "page": "/"}, '{"at":"2026-01-02","page":"/"}'),
        (Order, Order(number=1), '{"number":1,"visits":[]}'),
        (Order, {"number": 1}, '{"number":1}'),
        (
            Order,
            {"number": 1, "visits": [Visit(dt.date(2026, 1, 2), "/")]},
            '{"number":1,"visits":[{"at":"2026-01-02","page":"/"}]}',
        ),
        (list[Visit], [], "[]"),
        (list[int], [1, 2], "[1,2]"),
        (int | None, None, "null"),
        (None, {"any": ["JSON"]}, '{"any":["JSON"]}'),
    ],
    ids=str,
)
def test_an_instance_and_its_plain_data_are_both_taken(
    annotation: Any, value: Any, text: str
) -> None:
    assert Flow("shop", input=annotation).encode_input(value) == text


def test_keys_that_the_type_does_not_know_are_kept() -> None:
    flow: Flow[Any] = Flow("shop", input=Order)

    assert flow.encode_input({"number": 1, "trace": "x"}) == '{"number":1,"trace":"x"}'


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        (Person, {"first_name": "Ada"}, "does not validate: last_name: field required"),
        (
            Person,
            {"first_name": "Ada", "last_name": 3},
            "does not validate: last_name: expected a valid string, got 3",
        ),
        (Person, {}, "does not validate: first_name: field required; last_name: field required"),
        (Person, "Ada", "does not validate: expected an object, got 'Ada'"),
        (
            Order,
            {"number": 1, "visits": [{"at": "soon", "page": "/"}]},
            (
                "does not validate: visits.0.at: expected a valid date in the format YYYY-MM-DD, "
                "input is too short, got 'soon'"
            ),
        ),
        (
            Visit,
            Visit(dt.date(2026, 1, 2), wrong_page),
            "does not validate: page: expected a valid string, got 1",
        ),
        (Order, {"number": float("nan")}, "is not JSON: number: nan is no JSON number"),
        (Order, {"number": object}, "is not JSON: number: 'type' is no JSON type"),
        (
            Person,
            {"first_name": "A\0", "last_name": "B"},
            r"is not JSON: first_name: the text contains \u0000, which Postgres cannot store",
        ),
        (
            str,
            "\ud83d",
            r"is not JSON: the text contains the lone surrogate \ud83d",
        ),
        (None, {1, 2}, "is not JSON: 'set' is no JSON type"),
        (list[int], (1, "2"), "does not validate: 1: expected a valid integer, got '2'"),
    ],
    ids=str,
)
def test_an_input_that_does_not_fit_is_named(annotation: Any, value: Any, reason: str) -> None:
    flow = Flow("shop", input=annotation)

    with pytest.raises(InvalidInput) as caught:
        flow.encode_input(value)
    assert str(caught.value) == f"input of flow 'shop' {reason}"


def test_the_output_of_a_run_is_typed_by_its_leaves() -> None:
    flow = Flow("shop", input=Order)

    @flow.step(when_exhausted="skip")
    def visit(order: Order) -> Visit:
        return order.visits[0]

    @flow.step()
    def number(order: Order) -> int:
        return order.number

    raw = '{"number": 1, "visit": {"at": "2026-01-02", "page": "/"}}'
    assert flow.decode_output(raw) == {"number": 1, "visit": Visit(dt.date(2026, 1, 2), "/")}
    assert flow.decode_output('{"number": 1}') == {"number": 1}
    assert flow.decode_output("null") is None
    assert flow.decode_output(None) is None


def test_a_later_step_changes_the_leaves() -> None:
    flow = Flow("shop")
    first = flow.step(slug="first")(lambda: 1)
    assert flow.decode_output('{"first": 1}') == {"first": 1}

    flow.step(first, slug="second")(lambda value: value)

    assert flow.decode_output('{"second": 2}') == {"second": 2}


def test_an_output_that_does_not_fit_is_named() -> None:
    flow = Flow("shop")

    @flow.step()
    def number() -> int:
        return 1

    with pytest.raises(InvalidOutput) as caught:
        flow.decode_output('{"number": "one"}')
    assert str(caught.value) == (
        "output of flow 'shop' does not validate: number: expected a valid integer, got 'one'"
    )


def test_the_json_schema_is_that_of_the_input() -> None:
    assert Flow("shop", input=Order).json_schema()["required"] == ["number"]
    assert Flow("shop").json_schema() == {}
