"""What a request orders: one batch of one flow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

DEFAULT_BATCH_SIZE = 10
LARGEST_BATCH = 1000
DEFAULT_MAX_CONCURRENT = 5
LARGEST_BODY = 64 * 1024
# What is beyond the limit is read and thrown away: a client that is cut off sees no answer.
MOST_READ = 64 * 1024 * 1024

_MEMBERS = ("flow_slug", "batch_size", "max_concurrent")


class BadOrder(Exception):
    """The request does not say what to do; `given` is what it says of it."""

    def __init__(self, message: str, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.given = given or {}


@dataclass(frozen=True, slots=True)
class Order:
    """Claim up to `batch_size` tasks of a flow, run at most `max_concurrent` at a time."""

    flow_slug: str
    batch_size: int
    max_concurrent: int


async def read_order(request: Request) -> Order:
    """The order in the body of a request; raises `BadOrder`."""
    return parse_order(await _read(request))


def parse_order(body: bytes) -> Order:
    """An order from JSON; raises `BadOrder`, which names the member and what is wrong with it.

    Example:
        >>> parse_order(b'{"flow_slug": "greet_user"}')
        Order(flow_slug='greet_user', batch_size=10, max_concurrent=5)
    """
    said = _members(body)
    slug = said.get("flow_slug")
    if not isinstance(slug, str) or not slug:
        found = (
            f"flow_slug is {json.dumps(slug)}" if "flow_slug" in said else "flow_slug is missing"
        )
        message = f"{found}, expected the slug of a flow"
        raise BadOrder(message, said)
    batch_size = _whole(said, "batch_size", DEFAULT_BATCH_SIZE, LARGEST_BATCH)
    default = min(DEFAULT_MAX_CONCURRENT, batch_size)
    return Order(slug, batch_size, _whole(said, "max_concurrent", default, batch_size))


async def _read(request: Request) -> bytes:
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= LARGEST_BODY:
            body += chunk
        elif size > MOST_READ:
            break
    if size > LARGEST_BODY:
        message = f"the body is too large, expected at most {LARGEST_BODY} bytes"
        raise BadOrder(message)
    return bytes(body)


def _members(body: bytes) -> dict[str, Any]:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        message = 'the body is not JSON, expected an object such as {"flow_slug": "my_flow"}'
        raise BadOrder(message) from None
    if not isinstance(said, dict):
        message = 'the body is no JSON object, expected one such as {"flow_slug": "my_flow"}'
        raise BadOrder(message)
    members: dict[str, Any] = {**said}
    if unknown := sorted(members.keys() - set(_MEMBERS)):
        message = f"{unknown[0]} is not known here, expected {', '.join(_MEMBERS)}"
        raise BadOrder(message, members)
    return members


def _whole(said: Mapping[str, Any], member: str, default: int, largest: int) -> int:
    value = said.get(member, default)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest:
        return value
    message = f"{member} is {json.dumps(value)}, expected a whole number from 1 to {largest}"
    raise BadOrder(message, said)
