"""Annotations on both ends of an edge of the graph: what agrees and what does not."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest

from pgflow import Flow, FlowDefinitionError


def refused(message: str) -> AbstractContextManager[pytest.ExceptionInfo[FlowDefinitionError]]:
    return pytest.raises(FlowDefinitionError, check=lambda error: str(error) == message)


def unchecked(decorator: Any) -> Any:
    """Hide from type checkers what they refuse. These tests stand for those who use none."""
    return decorator


class Person(TypedDict):
    name: str


@dataclass
class Page:
    text: str


def test_a_parameter_that_cannot_take_what_its_dependency_gives() -> None:
    flow = Flow("shop")

    @flow.step()
    def price() -> int:
        return 1

    message = (
        "step 'label' of flow 'shop': parameter 'text' takes str, but step 'price' gives int. "
        "Make the two agree"
    )
    with refused(message):

        @unchecked(flow.step(price))
        def label(text: str) -> str:
            return text


def test_a_root_parameter_that_cannot_take_the_flow_input() -> None:
    flow = Flow("shop", input=Person)

    message = (
        "step 'page' of flow 'shop': parameter 'url' takes str, "
        "but the flow's input gives Person. Make the two agree"
    )
    with refused(message):

        @unchecked(flow.step())
        def page(url: str) -> str:
            return url


def test_each_parameter_is_compared_with_its_own_dependency() -> None:
    flow = Flow("shop", input=Person)

    @flow.step()
    def price() -> int:
        return 1

    message = (
        "step 'label' of flow 'shop': parameter 'price' takes int, "
        "but the flow's input gives Person. Make the two agree"
    )
    with refused(message):

        @unchecked(flow.step(flow.input, price))
        def label(price: int, person: Person) -> str:
            return f"{person} {price}"


def test_the_rest_parameter_is_compared_with_every_dependency() -> None:
    flow = Flow("shop")

    @flow.step()
    def price() -> int:
        return 1

    @flow.step()
    def name() -> str:
        return "a"

    message = (
        "step 'both' of flow 'shop': parameter 'parts' takes int, but step 'name' gives str. "
        "Make the two agree"
    )
    with refused(message):

        @unchecked(flow.step(price, name))
        def both(*parts: int) -> int:
            return sum(parts)


def test_a_map_over_something_that_is_no_list() -> None:
    flow = Flow("shop", input=Person)

    @flow.step()
    def name() -> str:
        return "a"

    for source, title, given in [
        (name, "step 'name'", "str"),
        (flow.input, "the flow's input", "Person"),
    ]:
        over: Any = flow.map
        message = (
            f"step 'letter' of flow 'shop': it maps over {title}, which gives {given}. "
            "A map goes over a list"
        )
        with refused(message):
            over(source, slug="letter")(lambda letter: letter)


def test_a_map_whose_parameter_cannot_take_an_element() -> None:
    flow = Flow("shop", input=list[Page])

    message = (
        "step 'length' of flow 'shop': parameter 'page' takes str, "
        "but the flow's input gives list[Page]. A map takes one element: make them agree"
    )
    with refused(message):

        @unchecked(flow.map())
        def length(page: str) -> int:
            return len(page)


def test_a_map_gives_a_list_to_its_dependents() -> None:
    flow = Flow("shop", input=list[int])

    @flow.map()
    def double(number: int) -> int:
        return number * 2

    message = (
        "step 'total' of flow 'shop': parameter 'number' takes int, "
        "but step 'double' gives list[int]. Make the two agree"
    )
    with refused(message):

        @unchecked(flow.step(double))
        def total(number: int) -> int:
            return number

    @flow.map(double)
    def once_more(number: int) -> int:
        return number * 2


@pytest.mark.parametrize(
    "settings",
    [
        {"when": {"a": 1}},
        {"unless": {"a": 1}, "when_unmet": "skip"},
        {"when_exhausted": "skip"},
        {"when": {}, "when_unmet": "fail", "when_exhausted": "skip"},
    ],
)
def test_a_parameter_must_admit_none_where_its_dependency_may_be_skipped(settings: Any) -> None:
    flow = Flow("shop")

    @flow.step(**settings)
    def price() -> int:
        return 1

    message = (
        "step 'label' of flow 'shop': parameter 'price' takes int, but step 'price' may be "
        "skipped. A skipped step gives None: annotate it 'int | None'"
    )
    with refused(message):

        @flow.step(price, slug="label")
        def label_of_price(price: int) -> str:
            return str(price)

    @flow.step(price)
    def label(price: int | None) -> str:
        return str(price)


@pytest.mark.parametrize(
    "settings",
    [
        {"when": {"a": 1}, "when_unmet": "fail"},
        {"when": {"a": 1}, "when_unmet": "skip-cascade"},
        {"when_exhausted": "skip-cascade"},
        {"when_exhausted": "fail", "when_unmet": "skip"},
    ],
)
def test_a_dependent_never_sees_none_after_a_failure_or_a_cascade(settings: Any) -> None:
    flow = Flow("shop")

    @flow.step(**settings)
    def price() -> int:
        return 1

    @flow.step(price)
    def label(price: int) -> str:
        return str(price)

    assert label.dependencies == ("price",)


def test_a_map_over_a_skipped_step_gets_no_elements_rather_than_none() -> None:
    flow = Flow("shop")

    @flow.step(when_exhausted="skip")
    def numbers() -> list[int]:
        return [1]

    @flow.map(numbers)
    def double(number: int) -> int:
        return number * 2

    assert double.step_type == "map"


def test_local_classes_are_found_by_name() -> None:
    @dataclass
    class Order:
        number: int

    flow = Flow("shop", input=Order)

    @flow.step()
    def number(order: Order) -> int:
        return order.number

    assert number.decode("{}", '{"number": 7}') == (Order(7),)


def test_a_class_further_down_in_the_module_is_found_when_it_is_needed() -> None:
    flow = Flow("shop")

    @flow.step()
    def number(order: LaterOrder) -> int:
        return order.number

    assert number.decode("{}", '{"number": 7}') == (LaterOrder(7),)


@dataclass
class LaterOrder:
    number: int


def test_a_name_that_means_nothing_leaves_plain_json_and_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flow = Flow("shop")

    def number(order: Any) -> int:
        return 1

    number.__annotations__["order"] = "Unheard"
    step = flow.step()(number)

    assert step.decode("{}", '{"number": 7}') == ({"number": 7},)
    assert caplog.messages == [
        (
            "parameter 'order' in the input of step 'number' of flow 'shop': "
            "the annotation Unheard means nothing at run time, so the value stays plain JSON. "
            "Import the name outside of 'if TYPE_CHECKING'"
        )
    ]
