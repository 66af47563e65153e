"""An order is paid, perhaps wrapped as a gift, and shipped.

The order and its run come into being in one transaction (`place_order`): there is never an order
that nobody works on, nor work on an order that was rolled back. Charging is written down in the
transaction that completes the step, so it happens once, whatever breaks in between.
"""

from __future__ import annotations

from typing import Any, TypedDict

import psycopg

from pgflow import Client, Fail, Flow, RetryAfter, current_task

TABLES = """
    create table if not exists orders (id int primary key, card text not null, gift boolean);
    create table if not exists charges (order_id int primary key, card text not null);
"""


class Order(TypedDict):
    id: int
    card: str
    gift: bool


orders = Flow("orders", input=Order, max_attempts=5)


@orders.step()
def charge(order: Order) -> str:
    """Takes the money: at once, later where the bank is busy, or never."""
    if order["card"] == "expired":
        raise Fail("the card has expired")
    if order["card"] == "busy" and current_task().attempt == 1:
        raise RetryAfter(30, "the bank is busy")
    with current_task().transaction() as connection:
        connection.execute("insert into charges values (%s, %s)", [order["id"], order["card"]])
    return f"receipt {order['id']}"


@orders.step(when={"gift": True})
def gift_wrap(order: Order) -> str:
    return f"red paper for {order['id']}"


@orders.step(charge, gift_wrap)
def ship(receipt: str, paper: str | None) -> str:
    return f"{receipt}, {paper or 'plain box'}"


def place_order(client: Client, connection: psycopg.Connection[Any], order: Order) -> None:
    """Writes the order and starts its run; both with the caller's transaction, or neither."""
    connection.execute(
        "insert into orders values (%s, %s, %s)", [order["id"], order["card"], order["gift"]]
    )
    client.start(orders, order, connection=connection)
