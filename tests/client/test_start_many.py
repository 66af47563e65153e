"""Starting many runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from pgflow.client import Client, requests
from pgflow.errors import InvalidInput, RunConflict
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.greeter import ALICE, BOB, Person, greet_user


def test_runs_come_in_the_order_of_their_inputs(client: Client) -> None:
    runs = client.start_many(greet_user, [ALICE, BOB, ALICE])

    assert [run.input["first_name"] for run in runs] == ["Alice", "Bob", "Alice"]
    assert len({run.run_id for run in runs}) == 3


def test_no_inputs_start_nothing(client: Client, engine: Engine) -> None:
    runs = client.start_many(greet_user, [])

    assert runs == []
    assert engine.rows("select from pgflow.runs") == []


def test_inputs_may_be_generated(client: Client) -> None:
    runs = client.start_many("greet_user", ({"n": n} for n in range(3)))

    assert [run.input for run in runs] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_a_long_list_is_sent_in_pieces_and_keeps_its_order(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "RUNS_IN_A_STATEMENT", 7)

    runs = client.start_many("greet_user", range(20))

    assert [run.input for run in runs] == list(range(20))
    assert engine.value("select count(distinct xmin::text) from pgflow.runs") == 1


def test_run_ids_make_a_repetition_harmless(client: Client, engine: Engine) -> None:
    ids = [uuid4(), uuid4()]
    client.start_many(greet_user, [ALICE], run_ids=ids[:1])

    runs = client.start_many(greet_user, [ALICE, BOB], run_ids=ids)

    assert [(run.run_id, run.created) for run in runs] == [(ids[0], False), (ids[1], True)]
    assert engine.value("select count(*) from pgflow.runs") == 2


def test_all_runs_start_or_none(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "RUNS_IN_A_STATEMENT", 1)
    taken = client.start(greet_user, ALICE).run_id

    with pytest.raises(RunConflict):
        client.start_many(greet_user, [BOB, BOB], run_ids=[uuid4(), taken])

    assert engine.value("select count(*) from pgflow.runs") == 1


@pytest.mark.parametrize("autocommit", [True, False])
def test_pieces_take_part_in_the_callers_transaction(
    client: Client,
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
    autocommit: bool,
) -> None:
    monkeypatch.setattr(requests, "RUNS_IN_A_STATEMENT", 1)

    with (
        pgflow_database.connect(autocommit=autocommit) as connection,
        connection.transaction(force_rollback=True),
    ):
        client.start_many(greet_user, [ALICE, BOB], connection=connection)

    assert engine.rows("select from pgflow.runs") == []


def test_pieces_are_committed_at_once_on_a_connection_in_autocommit(
    client: Client,
    engine: Engine,
    pgflow_database: PgflowDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requests, "RUNS_IN_A_STATEMENT", 1)
    taken = client.start(greet_user, ALICE).run_id

    with pgflow_database.connect(autocommit=True) as connection:
        with pytest.raises(RunConflict):
            client.start_many(
                greet_user, [BOB, BOB], run_ids=[uuid4(), taken], connection=connection
            )
        client.start_many(greet_user, [ALICE, BOB], connection=connection)

    assert engine.value("select count(*) from pgflow.runs") == 3


def test_an_invalid_input_is_named_by_its_position(client: Client, engine: Engine) -> None:
    def inputs() -> Iterator[Person]:
        half: Any = {"first_name": "Bob"}
        yield ALICE
        yield half

    with pytest.raises(InvalidInput) as invalid:
        client.start_many(greet_user, inputs())

    expected = "inputs[1]: input of flow 'greet_user' does not validate: last_name: field required"
    assert str(invalid.value) == expected
    assert engine.rows("select from pgflow.runs") == []


def test_as_many_run_ids_as_inputs_are_expected(client: Client) -> None:
    with pytest.raises(InvalidInput, match=r"^1 run_ids for 2 inputs, expected one for each$"):
        client.start_many(greet_user, [ALICE, BOB], run_ids=[uuid4()])


def test_a_delay_holds_for_all(client: Client, engine: Engine) -> None:
    runs = client.start_many(greet_user, [ALICE, BOB], delay=90)

    delays = [engine.delay(run.run_id, "full_name") for run in runs]
    assert delays == [pytest.approx(90, abs=10)] * 2


def test_pieces_are_cut_by_number_and_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "RUNS_IN_A_STATEMENT", 3)
    monkeypatch.setattr(requests, "CHARACTERS_IN_A_STATEMENT", 10)
    sizes = [1, 1, 1, 1, 9, 25, 2, 8, 1]

    pieces = [sizes[piece] for piece in requests.chunks(sizes)]

    assert pieces == [[1, 1, 1], [1, 9], [25], [2, 8], [1]]
