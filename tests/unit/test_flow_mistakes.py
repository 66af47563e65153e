"""What the flow refuses when it is imported: slugs, options, conditions, sources, signatures."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from pgflow import Flow, FlowDefinitionError

SLUG_RULE = "expected 1 to 128 letters, digits and underscores, with a letter first"


def refused(message: str) -> AbstractContextManager[pytest.ExceptionInfo[FlowDefinitionError]]:
    return pytest.raises(FlowDefinitionError, check=lambda error: str(error) == message)


def unchecked(object_: Any) -> Any:
    """Hide from type checkers what they refuse. These tests stand for those who use none."""
    return object_


@pytest.fixture
def flow() -> Flow[Any]:
    return Flow("shop")


@pytest.mark.parametrize(
    "slug", ["", "1a", "_a", "a-b", "a b", "ä", "a" * 129, "a\n", None, 5], ids=repr
)
def test_a_bad_slug_of_a_flow(slug: Any) -> None:
    with refused(f"flow {slug!r}: the slug is {slug!r}, {SLUG_RULE}. Choose another slug"):
        Flow(slug)


def test_the_reserved_slug() -> None:
    with refused("flow 'run': the slug is reserved. Choose another slug"):
        Flow("run")


@pytest.mark.parametrize("slug", ["a" * 128, "A", "a1_", "runs", "Run"])
def test_a_good_slug(slug: str) -> None:
    assert Flow(slug).slug == slug


def test_a_function_whose_name_is_no_slug(flow: Flow[Any]) -> None:
    message = (
        "step '<lambda>' of flow 'shop': the slug is '<lambda>', "
        f"{SLUG_RULE}. Choose one with slug=..."
    )
    with refused(message):
        flow.step()(lambda: 1)


def test_a_handler_without_a_name(flow: Flow[Any]) -> None:
    message = f"step None of flow 'shop': the slug is None, {SLUG_RULE}. Choose one with slug=..."
    with refused(message):
        flow.step()(functools.partial(int, "1"))


def test_two_steps_of_one_name(flow: Flow[Any]) -> None:
    flow.step(slug="price")(lambda: 1)

    message = (
        "step 'price' of flow 'shop': the flow has a step of that name. "
        "Name one of them with slug=..."
    )
    with refused(message):
        flow.step(slug="price")(lambda: 2)
    assert len(flow.steps) == 1


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("max_attempts", 0, "a whole number of at least 1"),
        ("max_attempts", True, "a whole number of at least 1"),
        ("max_attempts", 2**31, "a whole number of at least 1"),
        ("base_delay", 0, "whole seconds of at least 1"),
        ("base_delay", 1.5, "whole seconds of at least 1"),
        ("timeout", 2, "whole seconds of at least 3"),
        ("timeout", "60", "whole seconds of at least 3"),
    ],
)
def test_an_option_of_a_flow_out_of_range(option: str, value: Any, expected: str) -> None:
    options = {option: value}

    with refused(f"flow 'shop': {option} is {value!r}, expected {expected}. Change it"):
        Flow("shop", **options)


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("max_attempts", 0, "a whole number of at least 1"),
        ("start_delay", -1, "whole seconds of at least 0"),
    ],
)
def test_an_option_of_a_step_out_of_range(
    flow: Flow[Any], option: Any, value: Any, expected: str
) -> None:
    settings: Any = {option: value}

    message = f"step 'a' of flow 'shop': {option} is {value!r}, expected {expected}. Change it"
    with refused(message):
        flow.step(slug="a", **settings)(lambda: 1)


def test_the_least_options_are_taken() -> None:
    flow = Flow("shop", max_attempts=1, base_delay=1, timeout=3)
    flow.step(slug="a", max_attempts=1, base_delay=1, timeout=3, start_delay=0)(lambda: 1)

    assert flow.steps["a"].options.start_delay == 0


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("max_atempts", "Did you mean 'max_attempts'?"),
        (
            "zzz",
            (
                "Known are slug, max_attempts, base_delay, timeout, start_delay, when, unless, "
                "when_unmet, when_exhausted"
            ),
        ),
    ],
)
def test_an_unknown_option(flow: Flow[Any], name: Any, cure: str) -> None:
    settings: Any = {name: 1}

    with refused(f"step 'a' of flow 'shop': there is no option '{name}'. {cure}"):
        flow.step(slug="a", **settings)(lambda: 1)


@pytest.mark.parametrize("name", ["when_unmet", "when_exhausted"])
def test_an_unknown_way_out(flow: Flow[Any], name: Any) -> None:
    settings: Any = {name: "ignore"}

    message = (
        f"step 'a' of flow 'shop': {name} is 'ignore', "
        "expected 'fail', 'skip' or 'skip-cascade'. Choose one of these"
    )
    with refused(message):
        flow.step(slug="a", **settings)(lambda: 1)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ([1], "when is [1], expected an object. Write a dict"),
        ({"a": {1}}, "when is not JSON: a: 'set' is no JSON type. A pattern is plain JSON"),
        (
            {"a": float("nan")},
            "when is not JSON: a: nan is no JSON number. A pattern is plain JSON",
        ),
    ],
)
def test_a_pattern_that_is_no_json_object(flow: Flow[Any], pattern: Any, message: str) -> None:
    with refused(f"step 'a' of flow 'shop': {message}"):
        flow.step(slug="a", when=pattern)(lambda: 1)


def test_a_pattern_of_a_dependent_step_speaks_of_its_dependencies(flow: Flow[Any]) -> None:
    price = flow.step(slug="price")(lambda: 1)
    stock = flow.step(slug="stock")(lambda: 1)

    message = (
        "step 'sell' of flow 'shop': unless has the key 'customer', which is no dependency. "
        "Its keys are dependencies: price, stock"
    )
    with refused(message):
        flow.step(price, stock, slug="sell", unless={"customer": "x"})(lambda p, s: 1)


def test_the_decorator_without_parentheses(flow: Flow[Any]) -> None:
    decorate: Any = flow.step

    with pytest.raises(FlowDefinitionError) as caught:

        @decorate
        def price() -> int:
            return 1

    assert str(caught.value).startswith("flow 'shop': <function ")
    assert str(caught.value).endswith(
        " is no step. Pass steps, and write the decorator with parentheses: @flow.step()"
    )


def test_a_dependency_by_name(flow: Flow[Any]) -> None:
    with refused("flow 'shop': the dependency 'price' is a str. Pass the step itself"):
        unchecked(flow).step("price")


def test_a_step_of_another_flow(flow: Flow[Any]) -> None:
    foreign = Flow("bank").step(slug="price")(lambda: 1)
    flow.step(slug="price")(lambda: 1)

    message = (
        "step 'sell' of flow 'shop': step 'price' belongs to flow 'bank'. "
        "Depend on steps of the same flow"
    )
    with refused(message):
        flow.step(foreign, slug="sell")(lambda price: 1)


def test_the_input_of_another_flow(flow: Flow[Any]) -> None:
    message = (
        "step 'sell' of flow 'shop': the flow's input belongs to flow 'bank'. "
        "Depend on steps of the same flow"
    )
    with refused(message):
        flow.map(Flow("bank").input, slug="sell")(lambda price: 1)


def test_a_dependency_that_comes_twice(flow: Flow[Any]) -> None:
    price = flow.step(slug="price")(lambda: 1)

    with refused("step 'b' of flow 'shop': step 'price' is a dependency twice. Name it once"):
        flow.step(price, price, slug="b")(lambda one, other: 1)


def test_a_map_over_two_sources(flow: Flow[Any]) -> None:
    a = flow.step(slug="a")(lambda: [1])
    b = flow.step(slug="b")(lambda: [1])
    over: Any = flow.map

    message = (
        "flow 'shop': a map goes over one list, but gets 2: step 'a', step 'b'. "
        "Join them in a step first"
    )
    with refused(message):
        over(a, b)


def yields() -> Iterator[int]:
    yield 1


async def yields_later() -> AsyncIterator[int]:
    yield 1


def with_default(value: Any, factor: int = 2) -> Any:
    return value, factor


def with_keyword(*, factor: int) -> int:
    return factor


@pytest.mark.parametrize(
    ("handler", "fault"),
    [
        (yields, "the handler is a generator. Return a list instead of yielding"),
        (yields_later, "the handler is a generator. Return a list instead of yielding"),
        (
            with_default,
            (
                "parameter 'factor' has a default, but is always given. "
                "Remove the default, or make the parameter keyword-only"
            ),
        ),
        (
            with_keyword,
            (
                "parameter 'factor' is keyword-only, so nothing fills it. "
                "Make it positional, or give it a default"
            ),
        ),
        (
            lambda one, two: (one, two),
            (
                "the handler takes 2 parameters, but gets 1: the flow's input. "
                "Write one parameter for each"
            ),
        ),
        (5, "5 is no function. Decorate a function"),
    ],
)
def test_a_handler_that_cannot_be_called(flow: Flow[Any], handler: Any, fault: str) -> None:
    with refused(f"step 'a' of flow 'shop': {fault}"):
        flow.step(slug="a")(handler)


def test_a_wrong_number_of_parameters(flow: Flow[Any]) -> None:
    price = flow.step(slug="price")(lambda: 1)
    stock = flow.step(slug="stock")(lambda: 1)

    message = (
        "step 'sell' of flow 'shop': the handler takes 1 parameter, "
        "but gets 2: step 'price', step 'stock'. Write one parameter for each"
    )
    with refused(message):
        unchecked(flow.step(price, stock, slug="sell"))(lambda price: price)
