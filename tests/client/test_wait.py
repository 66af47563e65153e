"""Waiting for the end of a run, in the sync client."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pgflow.client import Client, lookout
from pgflow.definition.flow import Flow
from pgflow.errors import (
    DatabaseUnavailable,
    RunCancelled,
    RunFailed,
    RunNotFound,
    WaitTimeout,
)
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.greeter import ALICE, fail_to_greet, greet, greet_user, register
from tests.support.waiting import connections, is_watched, until_watched


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as threads:
        yield threads


def test_waiting_gives_the_output(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)

    output = run.wait(timeout=60)

    assert output == {"greeting": "Hello, Alice Smith!"}


def test_who_waits_is_told_when_the_run_ends(
    client: Client, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    run = client.start(greet_user, ALICE)
    waiting = threads.submit(run.wait, 60)
    until_watched(engine, run.run_id)

    greet(engine, run.run_id)

    assert waiting.result() == {"greeting": "Hello, Alice Smith!"}


def test_a_run_that_was_waited_for_knows_how_it_ended(client: Client, engine: Engine) -> None:
    run_id = client.start(greet_user, ALICE).run_id
    run = client.start(greet_user, ALICE, run_id=run_id)
    greet(engine, run_id)

    run.wait(timeout=60)

    assert (run.status, run.output) == ("completed", {"greeting": "Hello, Alice Smith!"})
    assert (run.input, run.created, run.remaining_steps) == (ALICE, False, 0)
    assert run.completed_at is not None


def test_a_completed_run_needs_no_waiting(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)
    run.refresh()

    output = run.wait()

    assert output == {"greeting": "Hello, Alice Smith!"}
    assert connections(engine) == 1


def test_a_run_without_an_output_gives_an_empty_one(client: Client, engine: Engine) -> None:
    register(engine, Flow("nothing"))

    run = client.start("nothing", None)

    assert (run.wait(), run.output) == ({}, None)


def test_a_failed_run_raises_step_and_message(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    fail_to_greet(engine, run.run_id)

    with pytest.raises(RunFailed) as failed:
        run.wait(timeout=60)

    assert (failed.value.step, failed.value.message) == ("greeting", "lost my voice: twice")
    assert failed.value.run_id == run.run_id
    expected = f"run {run.run_id} failed at step 'greeting': lost my voice: twice"
    assert str(failed.value) == expected
    assert (run.status, run.error_message) == ("failed", "greeting: lost my voice: twice")


def test_a_cancelled_run_raises(client: Client) -> None:
    run = client.start(greet_user, ALICE)
    client.cancel(run.run_id)

    with pytest.raises(RunCancelled) as cancelled:
        run.wait(timeout=60)

    assert str(cancelled.value) == f"run {run.run_id} of flow 'greet_user' was cancelled"
    assert run.status == "cancelled"


def test_a_run_that_is_carried_on_can_be_waited_for_again(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    fail_to_greet(engine, run.run_id)
    with pytest.raises(RunFailed):
        run.wait(timeout=60)

    client.retry(run.run_id)
    engine.finish(run.run_id, "greeting", "Hello after all")

    assert run.wait(timeout=60) == {"greeting": "Hello after all"}


def test_patience_ends(client: Client) -> None:
    run = client.start(greet_user, ALICE)

    with pytest.raises(WaitTimeout) as over:
        run.wait(timeout=0.05)

    assert str(over.value) == (
        f"run {run.run_id} has not ended within 0.05 s. "
        f"It goes on; what it waits for says: pgflow explain {run.run_id}"
    )
    assert run.status == "started"


def test_who_has_stopped_waiting_is_not_told_any_more(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)

    with pytest.raises(WaitTimeout):
        run.wait(timeout=0.05)

    eventually(lambda: not is_watched(engine, run.run_id))


def test_a_run_that_is_not_committed_is_not_waited_for(
    client: Client, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect() as connection:
        run = client.start(greet_user, ALICE, connection=connection)

        with pytest.raises(RunNotFound) as missing:
            run.wait(timeout=60)

    cure = "If it was started on a connection of yours, commit there first"
    assert str(missing.value) == f"there is no run {run.run_id}. {cure}"


def test_a_run_that_is_deleted_meanwhile_is_not_waited_for_for_ever(
    client: Client,
    engine: Engine,
    threads: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "RENEWAL", 0.05)
    run = client.start(greet_user, ALICE)
    waiting = threads.submit(run.wait, 60)
    until_watched(engine, run.run_id)

    client.delete_flow_and_data(greet_user)

    with pytest.raises(RunNotFound):
        waiting.result()


def test_many_threads_wait_over_one_connection(
    client: Client, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    runs = client.start_many(greet_user, [ALICE] * 20)
    waiting = [threads.submit(run.wait, 60) for run in runs]
    until_watched(engine, *(run.run_id for run in runs))

    used = connections(engine)
    for run in runs:
        greet(engine, run.run_id)

    assert [each.result() for each in waiting] == [{"greeting": "Hello, Alice Smith!"}] * 20
    assert used == 2


def test_several_wait_for_one_run(
    client: Client, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    run_id = client.start(greet_user, ALICE).run_id
    waiting: list[Any] = [threads.submit(client.get_run(run_id).wait, 60) for _ in range(3)]
    until_watched(engine, run_id)

    client.cancel(run_id)

    for each in waiting:
        with pytest.raises(RunCancelled):
            each.result()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises, though a shell that starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_waiting_can_be_interrupted(
    client: Client, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    run = client.start(greet_user, ALICE)

    def interrupt() -> None:
        until_watched(engine, run.run_id)
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threads.submit(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.wait(timeout=60)

    interrupting.result()
    eventually(lambda: not is_watched(engine, run.run_id))


def test_closing_the_client_ends_the_waiting(
    client: Client, engine: Engine, threads: ThreadPoolExecutor
) -> None:
    run = client.start(greet_user, ALICE)
    waiting = threads.submit(run.wait)
    until_watched(engine, run.run_id)

    client.close()

    with pytest.raises(DatabaseUnavailable) as closed:
        waiting.result()
    assert str(closed.value) == "the client was closed while somebody waited for a run"
    eventually(lambda: connections(engine) == 0)


def test_a_closed_client_can_be_used_again(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)
    client.close()

    assert run.wait(timeout=60) == {"greeting": "Hello, Alice Smith!"}
