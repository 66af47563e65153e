"""Finding runs and steering them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from pgflow.client import Client
from pgflow.definition.flow import Flow
from pgflow.errors import FlowNotFound, InvalidOutput, RunConflict, RunNotFound
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.greeter import ALICE, fail_to_greet, greet, greet_user, register

UNCOMMITTED = "If it was started on a connection of yours, commit there first"


def test_a_run_is_found_by_its_id(client: Client, engine: Engine) -> None:
    run_id = client.start(greet_user, ALICE).run_id
    greet(engine, run_id)

    run = client.get_run(str(run_id))

    assert (run.run_id, run.flow_slug, run.status) == (run_id, "greet_user", "completed")
    assert (run.input, run.output) == (ALICE, {"greeting": "Hello, Alice Smith!"})
    assert run.completed_at is not None


def test_an_unknown_run_is_named(client: Client) -> None:
    run_id = uuid4()

    for ask in (client.get_run, client.cancel, client.retry):
        with pytest.raises(RunNotFound) as missing:
            ask(run_id)
        assert str(missing.value) == f"there is no run {run_id}. {UNCOMMITTED}"


def test_what_is_no_uuid_is_no_run(client: Client) -> None:
    for ask in (client.get_run, client.cancel, client.retry):
        with pytest.raises(RunNotFound) as missing:
            ask("order-7")
        assert str(missing.value) == "there is no run 'order-7'. A run_id is a UUID"


def test_a_run_of_another_flow_is_not_taken_for_one_of_this(client: Client, engine: Engine) -> None:
    other = Flow("other")
    register(engine, other)
    run = client.start(greet_user, ALICE)

    with pytest.raises(RunConflict) as conflict:
        client.get_run(run.run_id, flow=other)

    expected = f"run {run.run_id} is of flow 'greet_user', expected 'other'"
    assert str(conflict.value) == expected


@dataclass
class Size:
    width: int
    height: int


def test_a_flow_gives_input_and_output_their_types(client: Client, engine: Engine) -> None:
    flow = Flow("turn", input=Size)
    flow.step(slug="turned")(_turn)
    register(engine, flow)
    run = client.start(flow, Size(1, 2))
    engine.finish(run.run_id, "turned", {"width": 2, "height": 1})

    found = client.get_run(run.run_id, flow=flow)

    assert (run.input, found.input) == (Size(1, 2), Size(1, 2))
    assert found.output == {"turned": Size(2, 1)}
    assert run.wait() == {"turned": Size(2, 1)}


def _turn(size: Size) -> Size:
    return Size(size.height, size.width)


def test_an_output_that_is_not_of_its_type_is_told(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    engine.finish(run.run_id, "full_name", "Alice Smith")
    engine.finish(run.run_id, "greeting", 7)

    with pytest.raises(InvalidOutput) as invalid:
        run.wait()

    expected = (
        "output of flow 'greet_user' does not validate: greeting: expected a valid string, got 7"
    )
    assert str(invalid.value) == expected


def test_a_run_can_be_read_again(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)

    before, after = run.status, run.refresh().status

    assert (before, after) == ("started", "completed")
    assert run.created


def test_a_run_that_was_deleted_is_not_found_again(client: Client) -> None:
    run = client.start(greet_user, ALICE)
    client.delete_flow_and_data(greet_user)

    with pytest.raises(RunNotFound):
        run.refresh()


def test_the_steps_of_a_run_come_in_the_order_of_the_flow(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    engine.finish(run.run_id, "full_name", "Alice Smith")

    name, greeting = run.steps()

    assert (name.step_slug, name.status, name.output) == ("full_name", "completed", "Alice Smith")
    assert (greeting.step_slug, greeting.status, greeting.output) == ("greeting", "started", None)
    assert (greeting.remaining_tasks, greeting.completed_at) == (1, None)


def test_the_newest_runs_come_first(client: Client) -> None:
    started = [client.start(greet_user, ALICE).run_id for _ in range(3)]

    listed = [run.run_id for run in client.list_runs()]

    assert listed == started[::-1]


def test_runs_are_listed_by_flow_and_status(client: Client, engine: Engine) -> None:
    register(engine, Flow("other"))
    client.start("other", None)
    cancelled = client.cancel(client.start(greet_user, ALICE).run_id)
    started = client.start(greet_user, ALICE)

    by_flow = client.list_runs(greet_user)
    by_slug_and_status = client.list_runs("greet_user", status="cancelled")

    assert [run.run_id for run in by_flow] == [started.run_id, cancelled.run_id]
    assert by_flow[0].input["first_name"] == "Alice"
    assert [run.run_id for run in by_slug_and_status] == [cancelled.run_id]
    assert client.list_runs("nobody") == []


def test_pages_hold_every_run_once_even_when_all_started_together(client: Client) -> None:
    started = {run.run_id for run in client.start_many("greet_user", range(10))}

    pages = [client.list_runs(limit=4)]
    while pages[-1]:
        pages.append(client.list_runs(limit=4, before=pages[-1][-1]))

    assert [len(page) for page in pages] == [4, 4, 2, 0]
    assert {run.run_id for page in pages for run in page} == started


def test_runs_before_a_time_are_listed(client: Client) -> None:
    first, second = client.start(greet_user, ALICE), client.start(greet_user, ALICE)

    assert [run.run_id for run in client.list_runs(before=second.started_at)] == [first.run_id]
    assert client.list_runs(before=datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_an_unknown_status_is_refused(client: Client) -> None:
    status: Any = "done"

    with pytest.raises(ValueError, match=r"^status is 'done', expected one of started, comp"):
        client.list_runs(status=status)


def test_a_limit_below_one_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match=r"^limit is 0, expected at least 1$"):
        client.list_runs(limit=0)


def test_a_cancelled_run_stays_cancelled(client: Client) -> None:
    run_id = client.start(greet_user, ALICE).run_id

    first, second = client.cancel(run_id), client.cancel(run_id)

    assert (first.status, second.status) == ("cancelled", "cancelled")
    assert first.cancelled_at == second.cancelled_at is not None


def test_a_failed_run_is_carried_on(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    fail_to_greet(engine, run.run_id)

    retried = client.retry(run.run_id)

    assert (retried.status, retried.error_message, retried.remaining_steps) == ("started", None, 1)
    assert [step.status for step in retried.steps()] == ["completed", "started"]


def test_a_completed_run_is_not_carried_on(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)

    with pytest.raises(RunConflict) as conflict:
        client.retry(run.run_id)

    expected = f"run {run.run_id} has completed: only a failed or cancelled run can be retried"
    assert str(conflict.value) == expected


def test_a_flow_is_deleted_with_its_runs(client: Client, engine: Engine) -> None:
    client.start(greet_user, ALICE)

    client.delete_flow_and_data("greet_user")
    client.delete_flow_and_data(greet_user)

    assert engine.rows("select from pgflow.runs") == []
    with pytest.raises(FlowNotFound):
        client.start(greet_user, ALICE)


def test_every_method_takes_part_in_the_callers_transaction(
    client: Client, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect() as connection:
        [run] = client.start_many(greet_user, [ALICE], connection=connection)
        seen = [
            client.get_run(run.run_id, connection=connection).status,
            client.cancel(run.run_id, connection=connection).status,
            client.retry(run.run_id, connection=connection).status,
            run.refresh(connection=connection).status,
            run.steps(connection=connection)[0].status,
            len(client.list_runs(connection=connection)),
        ]
        client.delete_flow_and_data(greet_user, connection=connection)
        connection.rollback()

    assert seen == ["started", "cancelled", "started", "started", "started", 1]
    assert engine.value("select count(*) from pgflow.flows") == 1
    assert engine.value("select count(*) from pgflow.runs") == 0
