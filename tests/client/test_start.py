"""Starting a run."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from pgflow.client import Client
from pgflow.definition.flow import Flow
from pgflow.errors import FlowNotFound, InvalidInput, RunConflict
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.greeter import ALICE, BOB, greet_user, register

IN_THIS_DATABASE = (
    "in the database. Deploy it with `pgflow deploy`, or start a worker that serves it"
)


def test_a_started_run_knows_its_input_and_status(client: Client) -> None:
    run = client.start(greet_user, ALICE)

    assert (run.flow_slug, run.status, run.created) == ("greet_user", "started", True)
    assert run.input == ALICE
    assert (run.output, run.error_message, run.remaining_steps) == (None, None, 2)
    assert run.started_at.tzinfo is not None
    assert (run.completed_at, run.failed_at, run.cancelled_at) == (None, None, None)


def test_a_started_run_is_stored(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)

    stored = engine.run(run.run_id)
    assert (stored["flow_slug"], stored["input"]) == ("greet_user", ALICE)
    assert engine.statuses(run.run_id) == {"full_name": "started", "greeting": "created"}


def test_a_flow_can_be_started_by_its_slug(client: Client) -> None:
    run = client.start("greet_user", {"any": ["JSON", None, 1.5, "é\n\"'"]})

    assert run.input == {"any": ["JSON", None, 1.5, "é\n\"'"]}


def test_a_run_id_may_be_chosen(client: Client) -> None:
    run_id = uuid4()

    run = client.start(greet_user, ALICE, run_id=run_id)

    assert (run.run_id, run.created) == (run_id, True)


def test_starting_again_with_the_same_run_id_returns_the_run_that_is_there(
    client: Client, engine: Engine
) -> None:
    first = client.start(greet_user, ALICE)
    engine.finish(first.run_id, "full_name", "Alice Smith")

    second = client.start(greet_user, ALICE, run_id=str(first.run_id))

    assert (second.run_id, second.created) == (first.run_id, False)
    assert (second.input, second.remaining_steps) == (ALICE, 1)


def test_the_same_run_id_with_another_input_is_refused(client: Client) -> None:
    run = client.start(greet_user, ALICE)

    with pytest.raises(RunConflict) as conflict:
        client.start(greet_user, BOB, run_id=run.run_id)

    assert str(conflict.value) == (
        f"run {run.run_id} exists already with another input. "
        "A run_id is an idempotency key: use a new one"
    )


def test_the_same_run_id_with_another_flow_is_refused(client: Client, engine: Engine) -> None:
    register(engine, Flow("other"))
    run = client.start(greet_user, ALICE)

    with pytest.raises(RunConflict) as conflict:
        client.start("other", ALICE, run_id=run.run_id)

    expected = (
        f'run {run.run_id} exists already with another flow, "greet_user". '
        "A run_id is an idempotency key: use a new one"
    )
    assert str(conflict.value) == expected


@pytest.mark.parametrize("delay", [90, 90.0, timedelta(minutes=1.5)])
def test_a_delay_puts_off_the_root_steps(
    client: Client, engine: Engine, delay: float | timedelta
) -> None:
    run = client.start(greet_user, ALICE, delay=delay)

    assert engine.delay(run.run_id, "full_name") == pytest.approx(90, abs=10)


def test_a_negative_delay_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match=r"^delay is -1 s, expected at least 0$"):
        client.start(greet_user, ALICE, delay=-1)


@pytest.mark.parametrize("delay", [math.inf, math.nan])
def test_a_delay_without_an_end_is_refused(client: Client, delay: float) -> None:
    with pytest.raises(ValueError, match="expected a number of seconds that ends") as caught:
        client.start(greet_user, ALICE, delay=delay)

    assert str(caught.value).startswith(f"delay is {delay} s")


def test_an_unknown_flow_is_named_with_the_cure(client: Client) -> None:
    with pytest.raises(FlowNotFound) as missing:
        client.start("greet_usr", ALICE)

    assert str(missing.value) == f"there is no flow 'greet_usr' {IN_THIS_DATABASE}"


@pytest.mark.parametrize("slug", ["", "no slug", "'; drop schema pgflow; --", "a\0b", "\ud800"])
def test_a_slug_that_cannot_be_one_is_an_unknown_flow(client: Client, slug: str) -> None:
    with pytest.raises(FlowNotFound) as missing:
        client.start(slug, ALICE)

    assert str(missing.value) == f"there is no flow {slug!r} {IN_THIS_DATABASE}"


def test_an_input_that_does_not_validate_never_reaches_the_database(
    client: Client, engine: Engine
) -> None:
    half: Any = {"first_name": "Alice"}

    with pytest.raises(InvalidInput) as invalid:
        client.start(greet_user, half)

    expected = "input of flow 'greet_user' does not validate: last_name: field required"
    assert str(invalid.value) == expected
    assert engine.value("select count(*) from pgflow.runs") == 0


@pytest.mark.parametrize(
    ("input", "reason"),
    [
        ({"a": math.nan}, "a: nan is no JSON number"),
        ({"a": "\0"}, r"a: the text contains \u0000, which Postgres cannot store"),
        ([{1, 2}], "0: 'set' is no JSON type"),
    ],
)
def test_an_input_that_is_not_json_is_refused(client: Client, input: object, reason: str) -> None:
    with pytest.raises(InvalidInput) as invalid:
        client.start("greet_user", input)

    assert str(invalid.value) == f"input of flow 'greet_user' is not JSON: {reason}"


def test_a_root_map_without_a_list_is_refused(client: Client, engine: Engine) -> None:
    flow = Flow("squares", input=list[int])
    flow.map(slug="square")(lambda number: number * number)
    register(engine, flow)

    with pytest.raises(InvalidInput) as typed:
        client.start(flow, None)  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(InvalidInput) as by_slug:
        client.start("squares", None)

    expected = "input of flow 'squares' does not validate: expected a valid array, got None"
    assert str(typed.value) == expected
    expected = "Flow squares has root map steps but input is not an array (got null)"
    assert str(by_slug.value) == expected


def test_a_run_id_that_is_no_uuid_is_refused(client: Client) -> None:
    with pytest.raises(InvalidInput, match=r"^run_id is 'order-7', expected a UUID$"):
        client.start(greet_user, ALICE, run_id="order-7")


@pytest.mark.slow
def test_an_input_of_50_megabytes_is_stored(client: Client, engine: Engine) -> None:
    big = "x" * 50_000_000

    run = client.start("greet_user", {"big": big})

    query = "select octet_length(input ->> 'big') from pgflow.runs where run_id = %(id)s"
    assert engine.value(query, id=run.run_id) == 50_000_000


@pytest.mark.slow
def test_an_input_that_jsonb_cannot_hold_is_refused(client: Client) -> None:
    too_big = ["x" * 70_000_000] * 4

    with pytest.raises(InvalidInput) as refused:
        client.start("greet_user", too_big)

    assert str(refused.value).startswith("the database cannot store the input: total size of ")
    assert str(refused.value).endswith(
        "Keep big values elsewhere and start the run with where they are"
    )


def test_a_run_starts_with_the_callers_transaction(
    client: Client, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect() as connection:
        run = client.start(greet_user, ALICE, connection=connection)
        seen_before = engine.rows("select from pgflow.runs")
        connection.commit()

    assert seen_before == []
    assert engine.run(run.run_id)["status"] == "started"


def test_a_run_is_gone_with_the_callers_transaction(
    client: Client, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect() as connection:
        client.start(greet_user, ALICE, connection=connection)
        connection.rollback()

    assert engine.rows("select from pgflow.runs") == []


def test_the_callers_connection_stays_as_it_was(
    client: Client, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect() as connection:
        client.start(greet_user, ALICE, connection=connection)
        row = connection.execute("select '[1]'::jsonb").fetchone()

    assert row == ([1],)


def test_the_callers_deadlocks_and_the_like_reach_him_as_they_are(
    client: Client, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect() as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("select 1 / 0")

        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            client.start(greet_user, ALICE, connection=connection)


def test_a_run_shows_itself(client: Client) -> None:
    run_id = UUID("01234567-89ab-7def-8123-456789abcdef")

    run = client.start(greet_user, ALICE, run_id=run_id)

    assert repr(run) == f"<run {run_id} of flow 'greet_user', started>"
