"""Runs that are stepped through, edited and repeated, with both clients."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from pgflow.client import AsyncClient, Client
from pgflow.errors import InvalidOutput, RunConflict, RunNotFound
from tests.support.engine import Engine
from tests.support.greeter import ALICE, BOB, full_name, greet, greet_user


@pytest.fixture
def completed(client: Client, engine: Engine) -> UUID:
    run_id = client.start(greet_user, ALICE).run_id
    greet(engine, run_id)
    return run_id


def test_a_run_is_stepped_through(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE, paused=True)
    assert run.paused_at is not None

    assert client.release(run.run_id) == "full_name"
    assert client.release(run.run_id) is None
    engine.finish(run.run_id, "full_name", "Alice Smith")
    client.edit_output(run.run_id, full_name, "Bob")
    assert client.release(run.run_id, "greeting") == "greeting"

    [task] = engine.start_step(run.run_id, "greeting")
    assert task["input"] == {"full_name": "Bob"}


async def test_a_run_is_stepped_through_asynchronously(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE, paused=True)

    assert await async_client.release(run.run_id) == "full_name"
    engine.finish(run.run_id, "full_name", "Alice Smith")
    await async_client.edit_output(run.run_id, "full_name", "Bob")
    await async_client.resume(run.run_id)

    assert engine.statuses(run.run_id) == {"full_name": "completed", "greeting": "started"}


def test_a_pause_lasts_until_the_run_is_resumed(client: Client) -> None:
    run = client.start(greet_user, ALICE)

    assert client.pause(run.run_id).paused_at is not None
    assert client.get_run(run.run_id).paused_at is not None
    assert client.resume(run.run_id).paused_at is None


@pytest.mark.parametrize("how", [{"delay": 5}, {"run_id": uuid4()}])
def test_a_paused_start_takes_neither_run_id_nor_delay(client: Client, how: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a run that starts paused takes neither run_id nor delay"):
        client.start("greet_user", ALICE, paused=True, **how)


def test_a_step_says_what_its_output_may_be(client: Client) -> None:
    run = client.start(greet_user, ALICE, paused=True)

    with pytest.raises(InvalidOutput, match="output of step 'full_name' of flow 'greet_user'"):
        client.edit_output(run.run_id, full_name, 7)


def test_a_run_that_is_not_paused_is_not_stepped_through(client: Client) -> None:
    run = client.start(greet_user, ALICE)

    with pytest.raises(RunConflict) as conflict:
        client.release(run.run_id)

    assert str(conflict.value) == f"run {run.run_id} is not paused"


def test_a_run_is_repeated(client: Client, completed: UUID) -> None:
    again = client.rerun(completed)
    other = client.rerun(completed, input=BOB, paused=True)

    assert (again.flow_slug, again.input, again.paused_at) == ("greet_user", ALICE, None)
    assert other.input == BOB
    assert other.paused_at is not None


def test_a_run_is_repeated_from_a_step(client: Client, engine: Engine, completed: UUID) -> None:
    again = client.rerun(completed, from_step="greeting", input={"full_name": "Bob"})

    assert engine.step(again.run_id, "full_name")["output"] == "Bob"
    assert engine.step(again.run_id, "greeting")["status"] == "started"


async def test_a_run_is_repeated_asynchronously(async_client: AsyncClient, completed: UUID) -> None:
    again = await async_client.rerun(completed, from_step="full_name", input=BOB, paused=True)

    assert again.input == BOB
    assert (await async_client.pause(again.run_id)).paused_at == again.paused_at


def test_an_unknown_run_cannot_be_repeated(client: Client) -> None:
    run_id = uuid4()

    for step in (None, "greeting"):
        with pytest.raises(RunNotFound) as missing:
            client.rerun(run_id, from_step=step)
        assert f"there is no run {run_id}" in str(missing.value)
