"""Steps as they should be declared, and what the flow knows of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypedDict

import pytest

from pgflow import Flow, Step


class Person(TypedDict):
    first_name: str
    last_name: str


def greet_user() -> Flow[Person]:
    flow = Flow("greet_user", input=Person, max_attempts=3, base_delay=5, timeout=60)

    @flow.step()
    def full_name(person: Person) -> str:
        return f"{person['first_name']} {person['last_name']}"

    @flow.step(full_name)
    async def greeting(name: str) -> str:
        return f"Hello, {name}!"

    return flow


def test_steps_are_known_by_the_names_of_their_functions_in_the_order_of_definition() -> None:
    flow = greet_user()

    assert list(flow.steps) == ["full_name", "greeting"]
    assert flow.steps["greeting"].dependencies == ("full_name",)
    assert repr(flow) == "<flow 'greet_user', 2 steps>"
    assert repr(flow.steps["greeting"]) == "<step 'greeting' of flow 'greet_user'>"


def test_a_step_stays_callable() -> None:
    flow = Flow("shop", input=int)

    @flow.step()
    def double(number: int) -> int:
        """Twice the number."""
        return number * 2

    assert double(21) == 42
    assert (vars(double)["__name__"], double.__doc__) == ("double", "Twice the number.")


async def test_an_async_step_stays_callable() -> None:
    flow = Flow("shop", input=int)

    @flow.step()
    async def double(number: int) -> int:
        return number * 2

    assert await double(21) == 42
    assert double.is_async


def test_a_slug_replaces_the_name_of_the_function() -> None:
    flow = Flow("shop")

    step = flow.step(slug="price_v2")(lambda basket: basket)

    assert flow.steps["price_v2"] is step
    assert step.slug == "price_v2"


def test_a_root_step_may_take_nothing() -> None:
    flow = Flow("shop")

    @flow.step()
    def now() -> str:
        return "now"

    assert now.decode("{}", '{"a": 1}') == ()


def test_the_input_of_the_flow_can_stand_beside_other_sources() -> None:
    flow = Flow("shop", input=int)
    price = flow.step(slug="price")(lambda number: number)

    @flow.step(flow.input, price)
    def invoice(number: int, price: object) -> str:
        return f"{number}: {price}"

    assert invoice.dependencies == ("price",)
    assert invoice.needs_flow_input
    assert not price.needs_flow_input
    assert repr(flow.input) == "<input of flow 'shop'>"


def test_a_step_of_the_flow_input_alone_is_a_root() -> None:
    flow = Flow("shop", input=int)

    @flow.step(flow.input)
    def price(number: int) -> int:
        return number

    assert price.dependencies == ()
    assert not price.needs_flow_input


def test_a_map_over_the_flow_input_can_name_it() -> None:
    flow = Flow("shop", input=list[int])

    named = flow.map(flow.input, slug="named")(lambda number: number)
    unnamed = flow.map(slug="unnamed")(lambda number: number)

    assert named.step_type == unnamed.step_type == "map"
    assert named.dependencies == unnamed.dependencies == ()


def test_hundreds_of_steps_can_be_declared_in_a_loop() -> None:
    flow = Flow("wide", input=int)
    layer: list[Step[..., Any]] = [
        flow.step(slug=f"root_{number}")(lambda value, *, factor=number: value * factor)
        for number in range(300)
    ]

    @flow.step(*layer)
    def total(*products: int) -> int:
        return sum(products)

    assert len(flow.steps) == 301
    assert total.dependencies == tuple(step.slug for step in layer)
    assert layer[7](3) == 21


def test_more_dependencies_than_are_typed_can_have_a_parameter_each() -> None:
    flow = Flow("wide")
    a, b, c, d, e, f, g, h, i = (flow.step(slug=letter)(lambda: 1) for letter in "abcdefghi")

    last = flow.step(a, b, c, d, e, f, g, h, i, slug="last")(
        lambda a, b, c, d, e, f, g, h, i: a + b + c + d + e + f + g + h + i
    )

    assert len(last.dependencies) == 9


class Adder:
    def __call__(self, number: int) -> int:
        return number + 1


class AsyncAdder:
    async def __call__(self, number: int) -> int:
        return number + 1


async def add(amount: int, number: int) -> int:
    return amount + number


@pytest.mark.parametrize(
    ("handler", "is_async"),
    [
        (Adder(), False),
        (AsyncAdder(), True),
        (Adder().__call__, False),
        (functools.partial(add, 1), True),
        (functools.partial(functools.partial(add), 1), True),
        (abs, False),
    ],
)
def test_anything_callable_can_be_a_handler(handler: Callable[[int], Any], is_async: bool) -> None:
    flow = Flow("shop", input=int)

    step = flow.step(slug="added")(handler)

    assert step.is_async is is_async
    assert step.function is handler
    assert step.decode("{}", "41") == (41,)


def test_a_class_can_be_a_handler() -> None:
    flow = Flow("shop", input=str)

    step = flow.step(slug="number")(int)

    assert step.encode(step.function("7")) == "7"


def test_one_handler_can_serve_two_steps() -> None:
    flow = Flow("shop", input=int)

    @flow.step()
    def price(number: int) -> int:
        return number * 2

    old_price = flow.step(slug="old_price")(price)

    assert old_price.function is price.function


def test_steps_cannot_be_changed_from_outside() -> None:
    steps: Any = greet_user().steps

    with pytest.raises(TypeError, match="does not support item assignment"):
        steps["other"] = steps["greeting"]


def test_leaves_are_the_steps_without_dependents() -> None:
    flow = greet_user()
    flow.step(slug="lonely")(lambda: 1)

    assert [leaf.slug for leaf in flow.leaves] == ["greeting", "lonely"]
