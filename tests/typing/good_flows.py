"""Flows that are wired rightly, and the types that checkers must see in them."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from pgflow import Flow, Step
from pgflow.definition.step import Source


class Person(TypedDict):
    first_name: str
    last_name: str


@dataclass
class Page:
    text: str


greet_user = Flow("greet_user", input=Person, max_attempts=3, base_delay=5, timeout=60)
assert_type(greet_user, Flow[Person])


@greet_user.step()
def full_name(person: Person) -> str:
    return f"{person['first_name']} {person['last_name']}"


@greet_user.step(full_name)
async def greeting(name: str) -> str:
    return f"Hello, {name}!"


assert_type(full_name, Step[[Person], str, str])
assert_type(greeting, Step[[str], str, Coroutine[Any, Any, str]])
assert_type(full_name({"first_name": "Ada", "last_name": "Lovelace"}), str)
assert_type(greet_user.encode_input({"first_name": "Ada", "last_name": "Lovelace"}), str)


async def a_call_of_an_async_step_is_awaited() -> None:
    assert_type(await greeting("Ada"), str)


# A root may take nothing; its parameter may be wider than the input.


@greet_user.step()
def deaf() -> int:
    return 1


@greet_user.step()
async def deaf_and_async() -> int:
    return 1


@greet_user.step()
def wide(person: object) -> Page:
    return Page(str(person))


assert_type(deaf, Step[[], int, int])
assert_type(deaf_and_async, Step[[], int, Coroutine[Any, Any, int]])


# The flow's input stands beside other sources; keyword-only parameters are the handler's own.


@greet_user.step(greet_user.input, wide, deaf, max_attempts=1, when={"wide": {"text": ""}})
def three(person: Person, page: Page, number: int | None, *, factor: int = 2) -> list[Page]:
    return [page] * factor


# A map takes an element and gives a list.


@greet_user.map(three, slug="lengths", when_exhausted="skip-cascade")
def length(page: Page) -> int:
    return len(page.text)


@greet_user.map(length)
async def half(number: float) -> float:
    return number / 2


@greet_user.step(length, half)
def total(lengths: list[int], halves: list[float]) -> dict[str, Any]:
    return {"sum": sum(lengths) + sum(halves)}


assert_type(length, Step[[Page], list[int], int])
assert_type(half, Step[[int], list[float], Coroutine[Any, Any, float]])
assert_type(length(Page("")), int)


numbers = Flow("numbers", input=list[int])


@numbers.map()
def square(number: int) -> int:
    return number * number


@numbers.map(numbers.input)
def cube(number: int) -> int:
    return number**3


assert_type(square, Step[[int], list[int], int])


# Values of unknown type fit everything.

loose = Flow("loose")
assert_type(loose, Flow[Any])


@loose.step()
def anything(value: str) -> dict[str, Any]:
    return {"value": value}


@loose.map()
def each(value: Page) -> Page:
    return value


@loose.step(anything, each)
def both(value: dict[str, Any], pages: list[Page]) -> int:
    return len(value) + len(pages)


# Eight dependencies are typed; beyond that, and for lists of steps, anything goes.

wide_flow = Flow("wide", input=int)


@wide_flow.step()
def one(number: int) -> int:
    return number


@wide_flow.step()
async def two(number: int) -> int:
    return number * 2


def double(number: int) -> int:
    return number * 2


three_to_ten = [wide_flow.step(one, slug=f"step_{number}")(double) for number in range(3, 11)]
c, d, e, f, g, h, i, j = three_to_ten


@wide_flow.step(one, two, c, d, e, f, g, h)
def eight(  # noqa: PLR0917 - as many as are typed
    a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int
) -> int:
    return a + b + c + d + e + f + g + h


@wide_flow.step(one, two, c, d, e, f, g, h, i, j)
def ten(*numbers: int) -> int:
    return sum(numbers)


@wide_flow.step(one, two)
def rest(*numbers: int) -> int:
    return sum(numbers)


@wide_flow.step(*three_to_ten)
def joined(*values: int) -> str:
    return str(values)


@wide_flow.step(one, *three_to_ten, slug="others")
async def later_joined(number: int, *values: int) -> str:
    return f"{number}{values}"


assert_type(eight, Step[[int, int, int, int, int, int, int, int], int, int])
assert_type(ten, Step[..., int, int])
assert_type(joined, Step[..., str, str])


# Steps in annotations of one's own.


def takes_a_step(step: Step[[str], str]) -> None: ...


def takes_a_source(source: Source[str | None]) -> None: ...


takes_a_step(greeting)
takes_a_source(greeting)
takes_a_source(full_name)
