from __future__ import annotations

import pytest

from examples.orders import TABLES, Order, gift_wrap, orders, place_order, ship
from pgflow import RunFailed
from pgflow.testing import PgflowDatabase, run_flow


@pytest.fixture
def database(pgflow_database: PgflowDatabase) -> PgflowDatabase:
    """A fresh database with the tables of the shop."""
    with pgflow_database.connect() as connection:
        connection.execute(TABLES)
    return pgflow_database


def charges(database: PgflowDatabase) -> list[tuple[int, str]]:
    with database.connect() as connection:
        return connection.execute("select order_id, card from charges").fetchall()


def test_an_order_is_charged_and_shipped(database: PgflowDatabase) -> None:
    run = run_flow(orders, {"id": 7, "card": "visa", "gift": False}, database=database)

    assert run.output == {"ship": "receipt 7, plain box"}
    assert charges(database) == [(7, "visa")]


def test_a_gift_is_wrapped(database: PgflowDatabase) -> None:
    run = run_flow(orders, {"id": 8, "card": "visa", "gift": True}, database=database)

    assert run.output == {"ship": "receipt 8, red paper for 8"}


def test_a_busy_bank_is_asked_again(database: PgflowDatabase) -> None:
    run_flow(orders, {"id": 9, "card": "busy", "gift": False}, database=database)

    assert charges(database) == [(9, "busy")]


def test_an_expired_card_fails_the_order_at_once(database: PgflowDatabase) -> None:
    with pytest.raises(RunFailed, match=r"failed at step 'charge': .*the card has expired"):
        run_flow(orders, {"id": 10, "card": "expired", "gift": False}, database=database)

    assert charges(database) == []


def test_an_order_that_is_rolled_back_has_no_run(database: PgflowDatabase) -> None:
    order: Order = {"id": 11, "card": "visa", "gift": False}
    run_flow(orders, {**order, "id": 1}, database=database)

    with database.connect() as connection:
        place_order(database.client, connection, order)
        connection.rollback()

    assert [run.input["id"] for run in database.client.list_runs(orders)] == [1]


def test_an_order_that_is_placed_has_one(database: PgflowDatabase) -> None:
    order: Order = {"id": 12, "card": "visa", "gift": False}
    run_flow(orders, {**order, "id": 1}, database=database)

    with database.connect() as connection:
        place_order(database.client, connection, order)

    assert [run.input["id"] for run in database.client.list_runs(orders)] == [12, 1]


def test_handlers_are_plain_functions() -> None:
    assert ship("receipt 7", "red paper") == "receipt 7, red paper"
    assert gift_wrap({"id": 7, "card": "visa", "gift": True}) == "red paper for 7"
