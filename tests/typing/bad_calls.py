"""Calls of the clients. Checkers must complain where it says so, and nowhere else."""

from __future__ import annotations

from typing import Any, TypedDict, assert_type

from pgflow import AsyncClient, AsyncRun, Client, Flow, Run


class Person(TypedDict):
    name: str


greet = Flow("greet", input=Person)
numbers = Flow("numbers", input=list[int])
anything = Flow("anything")
client = Client()


run = client.start(greet, {"name": "Ada"})
assert_type(run, Run[Person])
assert_type(run.input, Person)
assert_type(run.refresh(), Run[Person])
assert_type(run.wait(timeout=1), dict[str, Any])
assert_type([event.status for event in run.events()], list[str])

# error: a field is missing
client.start(greet, {})

# error: an unknown field
client.start(greet, {"name": "Ada", "age": 36})

# error: another type
client.start(greet, 7)

# error: another type of element
client.start(numbers, ["one"])

assert_type(client.start(numbers, [1, 2]), Run[list[int]])
assert_type(client.start(anything, {"any": "JSON"}), Run[Any])
assert_type(client.start("greet", {"any": "JSON"}), Run[dict[str, str]])

assert_type(client.start_many(greet, [{"name": "Ada"}]), list[Run[Person]])
assert_type(client.start_many(numbers, ([n] for n in range(3))), list[Run[list[int]]])

# error: a field is missing in one of many
client.start_many(greet, [{}])

assert_type(client.get_run("id"), Run[Any])
assert_type(client.get_run("id", flow=greet), Run[Person])
assert_type(client.list_runs(), list[Run[Any]])
assert_type(client.list_runs("greet"), list[Run[Any]])
assert_type(client.list_runs(greet, status="failed"), list[Run[Person]])

# error: there is no such status
client.list_runs(status="done")


async def calls(client: AsyncClient) -> None:
    run = await client.start(greet, {"name": "Ada"})
    assert_type(run, AsyncRun[Person])
    assert_type(await run.wait(), dict[str, Any])
    assert_type([event.status async for event in run.events()], list[str])
    assert_type(await client.start_many(greet, [{"name": "Ada"}]), list[AsyncRun[Person]])
    assert_type(await client.get_run("id", flow=greet), AsyncRun[Person])


# error: a field is missing, asynchronously
async def wrong_calls(client: AsyncClient) -> None:
    await client.start(greet, {})
