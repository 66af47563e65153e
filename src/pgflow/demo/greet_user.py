"""Two steps, one after the other: the smallest flow that is worth the name."""

from __future__ import annotations

from typing import TypedDict

from pgflow import Flow


class Person(TypedDict):
    first_name: str
    last_name: str


greet_user = Flow("greet_user", input=Person)


@greet_user.step()
def full_name(person: Person) -> str:
    return f"{person['first_name']} {person['last_name']}"


@greet_user.step(full_name)
async def greeting(name: str) -> str:
    return f"Hello, {name}!"
