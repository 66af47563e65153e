"""From the JSON of a task to arguments, and from a result to JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

from pgflow import Flow, FlowDefinitionError, InvalidInput, InvalidOutput


class Person(TypedDict):
    name: str


@dataclass
class Page:
    text: str


class Order(BaseModel):
    number: int


def test_a_root_gets_the_flow_input() -> None:
    flow = Flow("shop", input=Order)

    @flow.step()
    def number(order: Order) -> int:
        return order.number

    assert number.decode(b"{}", b'{"number": 7}') == (Order(number=7),)


def test_a_step_gets_its_dependencies_in_the_order_of_its_parameters() -> None:
    flow = Flow("shop")

    @flow.step()
    def page() -> Page:
        return Page("")

    @flow.step()
    def person() -> Person:
        return {"name": ""}

    @flow.step(person, page)
    def both(who: Person, what: Page) -> str:
        return f"{who} {what}"

    arguments = both.decode('{"page": {"text": "hi"}, "person": {"name": "Ada"}}')

    assert arguments == ({"name": "Ada"}, Page("hi"))


def test_the_flow_input_keeps_its_place_among_the_dependencies() -> None:
    flow = Flow("shop", input=Order)
    a, b = flow.step(slug="a")(lambda: 1), flow.step(slug="b")(lambda: 2)

    @flow.step(a, flow.input, b)
    def all_three(one: int, order: Order, two: int) -> int:
        return one + order.number + two

    assert all_three.decode('{"b": 2, "a": 1}', '{"number": 7}') == (1, Order(number=7), 2)


def test_a_skipped_dependency_is_none() -> None:
    flow = Flow("shop")

    @flow.step(when_exhausted="skip")
    def page() -> Page:
        return Page("")

    @flow.step(page)
    def text(page: Page | None) -> str:
        return page.text if page else ""

    assert text.decode("{}") == (None,)
    assert text.decode('{"page": null}') == (None,)


def test_a_map_gets_one_element() -> None:
    flow = Flow("shop", input=list[Page])

    @flow.map()
    def text(page: Page) -> str:
        return page.text

    assert text.decode('{"text": "hi"}') == (Page("hi"),)


def test_the_rest_parameter_decides_for_all_that_is_left() -> None:
    flow = Flow("shop")
    pages = [flow.step(slug=letter)(lambda: {"text": ""}) for letter in "abc"]

    @flow.step(*pages)
    def texts(first: dict[str, Any], *more: Page) -> list[str]:
        return [each.text for each in more]

    raw = '{"a": {"text": "x"}, "b": {"text": "y"}, "c": {"text": "z"}}'
    assert texts.decode(raw) == ({"text": "x"}, Page("y"), Page("z"))


def test_without_annotations_values_are_plain_json() -> None:
    flow = Flow("shop", input=Order)
    step = flow.step(slug="echo")(lambda order: order)

    assert step.decode("{}", '{"number": "seven"}') == ({"number": "seven"},)
    assert step.encode({"any": [1, None, True]}) == '{"any":[1,null,true]}'


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('{"who": 5, "what": {"text": ""}}', "person: expected an object, got 5"),
        ('{"who": {}, "what": {"text": ""}}', "person.name: field required"),
        (
            '{"who": {"name": 1}, "what": {"text": null}}',
            (
                "person.name: expected a valid string, got 1; "
                "page.text: expected a valid string, got None"
            ),
        ),
        ("[]", "expected an object, got []"),
    ],
)
def test_an_input_that_does_not_validate_names_the_parameter(raw: str, reason: str) -> None:
    flow = Flow("shop")

    @flow.step()
    def who() -> Person:
        return {"name": ""}

    @flow.step()
    def what() -> Page:
        return Page("")

    @flow.step(who, what)
    def both(person: Person, page: Page) -> str:
        return f"{person} {page}"

    with pytest.raises(InvalidInput) as caught:
        both.decode(raw)
    assert str(caught.value) == f"input of step 'both' of flow 'shop' does not validate: {reason}"


def test_a_root_input_and_an_element_that_do_not_validate_name_the_parameter() -> None:
    flow = Flow("shop")

    @flow.step()
    def root(order: Order) -> list[Order]:
        return [order]

    @flow.map(root)
    def each(order: Order) -> int:
        return order.number

    for step, arguments in [(root, ("{}", '{"number": "7"}')), (each, ('{"number": "7"}',))]:
        with pytest.raises(InvalidInput) as caught:
            step.decode(*arguments)
        assert str(caught.value) == (
            f"input of {step.label} does not validate: "
            "order.number: expected a valid integer, got '7'"
        )


def test_a_result_that_does_not_match_names_the_step() -> None:
    flow = Flow("shop")

    @flow.step()
    def page() -> Page:
        return Page("")

    with pytest.raises(InvalidOutput) as caught:
        page.encode(5)
    assert str(caught.value) == (
        "result of step 'page' of flow 'shop' does not match its annotation Page: "
        "expected an object, got 5"
    )


def test_a_map_encodes_one_result_at_a_time() -> None:
    flow = Flow("shop", input=list[int])

    @flow.map()
    def page(number: int) -> Page:
        return Page(str(number))

    assert page.encode(Page("1")) == '{"text":"1"}'
    assert flow.decode_output('{"page": [{"text": "1"}]}') == {"page": [Page("1")]}


def test_preparing_finds_an_annotation_that_cannot_travel_as_json() -> None:
    class Socket:
        pass

    flow = Flow("shop")

    @flow.step()
    def connection() -> Socket:
        return Socket()

    with pytest.raises(FlowDefinitionError) as caught:
        flow.prepare()
    assert str(caught.value).startswith(
        "result of step 'connection' of flow 'shop' is annotated Socket, "
        "which cannot travel as JSON (Unable to generate pydantic-core schema for "
    )
    assert str(caught.value).endswith(
        "Use JSON types, a TypedDict, a dataclass or a pydantic model"
    )


def test_preparing_a_good_flow_is_silent() -> None:
    flow = Flow("shop", input=list[Page])
    mapped = flow.map(slug="mapped")(lambda page: page)
    flow.step(flow.input, mapped, slug="both")(lambda pages, texts: None)
    flow.step(slug="deaf")(lambda: None)

    flow.prepare()
