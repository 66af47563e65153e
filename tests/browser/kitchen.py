"""The flows that the browser sees, loaded by the name of this file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Literal, TypedDict

from pgflow import Fail, Flow


class Order(TypedDict):
    id: int
    customer: str
    size: Literal["small", "large"]
    express: bool
    dishes: list[str]


order = Flow("order_a_meal", input=Order, max_attempts=1, base_delay=1, timeout=30)


@order.step()
async def check_pantry(order: Order) -> list[str]:
    """Take what is needed from the shelves."""
    await asyncio.sleep(0.3)  # handler
    return order["dishes"]


@order.map(check_pantry, max_attempts=2)
async def cook(dish: str) -> dict[str, str]:
    await asyncio.sleep(0.2)  # handler
    return {"dish": dish, "state": "warm"}


@order.step(when={"express": True})
async def call_courier(order: Order) -> str:
    await asyncio.sleep(0.2)  # handler
    return f"courier-{order['id']}"


@order.step(cook, call_courier)
def hand_over(plates: list[dict[str, str]], courier: str | None) -> str:
    return f"{len(plates)} plates by {courier or 'hand'}"


@order.step(order.input, hand_over)
def write_bill(order: Order, handed: str) -> str:
    """Fails for as long as the printer has no paper: a file says so."""
    if Path(os.environ["KITCHEN_OUT_OF_PAPER"]).exists():
        raise Fail("the printer has no paper")
    return f"{order['customer']}: {handed}"


count_peas = Flow("count_peas", input=int)


@count_peas.step()
def pour(amount: int) -> list[int]:
    return list(range(amount))


@count_peas.map(pour)
def look_at(pea: int) -> str:
    return f"pea {pea}"


@count_peas.step(look_at)
def total(seen: list[str]) -> int:
    return len(seen)
