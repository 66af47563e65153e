"""The flow `greet_user` in the hands of a test: registered, and worked on without a worker."""

from __future__ import annotations

from typing import Any, TypedDict
from uuid import UUID

from pgflow.definition.compile import compile_flow
from pgflow.definition.flow import Flow
from tests.support.engine import Engine


class Person(TypedDict):
    first_name: str
    last_name: str


ALICE: Person = {"first_name": "Alice", "last_name": "Smith"}
BOB: Person = {"first_name": "Bob", "last_name": "Jones"}

greet_user = Flow("greet_user", input=Person)


@greet_user.step()
def full_name(person: Person) -> str:
    return f"{person['first_name']} {person['last_name']}"


@greet_user.step(full_name, max_attempts=1)
def greeting(name: str) -> str:
    return f"Hello, {name}!"


def register(engine: Engine, flow: Flow[Any]) -> None:
    """Register a flow by the SQL that it compiles to."""
    for statement in compile_flow(flow.shape()):
        engine.connection.execute(statement.encode())


def greet(engine: Engine, run_id: UUID) -> None:
    """Do what a worker does for a run of `greet_user`, until it has completed."""
    engine.finish(run_id, "full_name", "Alice Smith")
    engine.finish(run_id, "greeting", "Hello, Alice Smith!")


def fail_to_greet(engine: Engine, run_id: UUID) -> None:
    """Let a run of `greet_user` fail in its second step."""
    engine.finish(run_id, "full_name", "Alice Smith")
    engine.start_step(run_id, "greeting")
    engine.fail(run_id, "greeting", "lost my voice: twice")
