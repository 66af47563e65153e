"""Flows that are wired wrongly. Checkers must complain where it says so, and nowhere else."""

from __future__ import annotations

from typing import TypedDict

from pgflow import Flow


class Person(TypedDict):
    name: str


flow = Flow("flow", input=Person)
numbers = Flow("numbers", input=list[int])


@flow.step()
def name(person: Person) -> str:
    return person["name"]


@flow.step()
async def age(person: Person) -> int:
    return len(person)


@flow.step(name)
def words(name: str) -> list[str]:
    return name.split()


# error: wrong type of a parameter
@flow.step(name)
def wrong_type(name: int) -> int:
    return name


# error: wrong type of a parameter, asynchronous
@flow.step(age)
async def wrong_type_of_an_async_step(age: str) -> str:
    return age


# error: wrong type of the flow's input
@flow.step()
def wrong_input(person: str) -> str:
    return person


# error: wrong type beside the flow's input
@flow.step(flow.input, name)
def wrong_beside_input(person: Person, name: int) -> int:
    return name


# error: swapped dependencies
@flow.step(age, name)
def swapped(name: str, age: int) -> str:
    return name * age


# error: too few parameters
@flow.step(name, age)
def too_few(name: str) -> str:
    return name


# error: too many parameters
@flow.step(name)
def too_many(name: str, age: int) -> str:
    return name * age


# error: too many parameters for a root
@flow.step()
def too_many_for_a_root(person: Person, other: Person) -> str:
    return person["name"] + other["name"]


# error: a keyword-only parameter that nothing fills
@flow.step(name)
def keyword(name: str, *, factor: int) -> str:
    return name * factor


# error: a map over something that is no list
@flow.map(name)
def no_list(letter: str) -> str:
    return letter


# error: a map over an input that is no list
@flow.map()
def no_list_for_input(letter: str) -> str:
    return letter


# error: a map whose parameter takes the list
@flow.map(words)
def whole_list(words: list[str]) -> int:
    return len(words)


# error: a map over the input with the wrong element
@numbers.map()
def wrong_element(number: str) -> str:
    return number


@flow.map(words)
def lengths(word: str) -> int:
    return len(word)


# error: a map gives a list
@flow.step(lengths)
def one_length(length: int) -> int:
    return length


# error: a dependency by name
@flow.step("name")
def by_name(name: str) -> str:
    return name


# error: a decorator without parentheses
@flow.step
def without_parentheses(person: Person) -> str:
    return person["name"]


# error: an unknown option
@flow.step(name, max_atempts=3)
def unknown_option(name: str) -> str:
    return name


# error: an option of the wrong type
@flow.step(name, timeout="60")
def wrong_option(name: str) -> str:
    return name


# error: an unknown way out
@flow.step(name, when_unmet="ignore")
def unknown_way_out(name: str) -> str:
    return name


# error: a call with the wrong type
name("Ada")

# error: an input of the wrong type
flow.encode_input({"name": 1})
