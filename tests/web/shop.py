"""The flows that the tests of the playground show, loaded by the name of this file."""

from __future__ import annotations

from typing import TypedDict

from pgflow import Flow


class Order(TypedDict):
    id: int
    items: list[str]


shop = Flow("shop", input=Order, max_attempts=2, base_delay=1)


@shop.step()
def check(order: Order) -> list[str]:
    """Looks whether all is there.

    Nothing is sold twice.
    """
    return order["items"]


@shop.map(check, timeout=20)
async def pack(item: str) -> str:
    return f"packed {item}"


@shop.step(shop.input, pack, when={"pack": ["packed tea"]}, when_unmet="skip")
def ship(order: Order, parcels: list[str]) -> str:
    return f"{len(parcels)} parcels for order {order['id']}"
