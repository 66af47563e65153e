"""The flows of the workloads. Their handlers do nothing but return a small dict."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pgflow import Flow

hello: Flow[Any] = Flow("hello")


@hello.step()
async def full_name(person: dict[str, Any]) -> dict[str, Any]:
    return {"name": f"{person['first_name']} {person['last_name']}"}


@hello.step(full_name)
async def greeting(full_name: dict[str, Any]) -> dict[str, Any]:
    return {"greeting": f"Hello, {full_name['name']}!"}


diamond: Flow[Any] = Flow("diamond")


@diamond.step()
async def website(page: dict[str, Any]) -> dict[str, Any]:
    return {"content": page["url"]}


@diamond.step(website)
async def sentiment(website: dict[str, Any]) -> dict[str, Any]:
    return {"score": len(website["content"])}


@diamond.step(website)
async def summary(website: dict[str, Any]) -> dict[str, Any]:
    return {"summary": website["content"][:10]}


@diamond.step(sentiment, summary)
async def save(sentiment: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    return {"saved": [sentiment["score"], summary["summary"]]}


fan_out: Flow[Any] = Flow("fan_out", input=list[Any])


@fan_out.map()
async def measured(element: dict[str, Any]) -> dict[str, Any]:
    return {"size": len(element["text"])}


@fan_out.step(measured)
async def total(measured: list[dict[str, Any]]) -> dict[str, Any]:
    return {"total": sum(each["size"] for each in measured)}


two_maps: Flow[Any] = Flow("two_maps", input=list[Any])


@two_maps.map()
async def first(element: dict[str, Any]) -> dict[str, Any]:
    return {"size": len(element["text"])}


@two_maps.map(first)
async def second(first: dict[str, Any]) -> dict[str, Any]:
    return {"double": 2 * first["size"]}


@two_maps.step(second)
async def sum_of_doubles(second: list[dict[str, Any]]) -> dict[str, Any]:
    return {"total": sum(each["double"] for each in second)}


relay: Flow[Any] = Flow("relay")


def clock() -> dict[str, Any]:
    """When a handler ran, on the clock that all processes of the machine share."""
    return {"at": time.time()}


@relay.step()
async def one(start: dict[str, Any]) -> dict[str, Any]:
    return {"start": start["at"], "one": clock()["at"]}


@relay.step(one)
async def two(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "two": clock()["at"]}


@relay.step(two)
async def three(two: dict[str, Any]) -> dict[str, Any]:
    return {**two, "three": clock()["at"]}


slow: Flow[Any] = Flow("slow", max_attempts=5)


@slow.step()
async def hold(order: dict[str, Any]) -> dict[str, Any]:
    """Keeps its worker busy for a while, unless it was another worker's before."""
    import asyncio

    from pgflow import current_task

    task = current_task()
    if task.attempt == 1 and order.get("seconds"):
        await asyncio.sleep(order["seconds"])
    return {"attempt": task.attempt, "worker": str(task.worker_id), "at": time.time()}


def one_step_flow(slug: str) -> Flow[Any]:
    """A flow of the kind that an application has by the dozen."""
    flow: Flow[Any] = Flow(slug)

    @flow.step()
    async def first(person: dict[str, Any]) -> dict[str, Any]:
        return {"name": person["first_name"]}

    @flow.step(first)
    async def second(first: dict[str, Any]) -> dict[str, Any]:
        return {"greeting": first["name"]}

    return flow


many: Mapping[str, Flow[Any]] = MappingProxyType(
    {f"many_{number}": one_step_flow(f"many_{number}") for number in range(200)}
)

by_name: Mapping[str, Flow[Any]] = MappingProxyType(
    {flow.slug: flow for flow in (hello, diamond, fan_out, two_maps, relay, slow, *many.values())}
)

INPUTS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "hello": {"first_name": "Ada", "last_name": "Lovelace"},
        "diamond": {"url": "https://example.com/a/page"},
        **{slug: {"first_name": "Ada"} for slug in many},
    }
)
STEPS: Mapping[str, int] = MappingProxyType(
    {flow.slug: len(flow.steps) for flow in by_name.values()}
)


def elements(count: int, size: int = 100) -> list[dict[str, Any]]:
    """The input of a fan-out: so many elements of about so many bytes each."""
    return [{"id": number, "text": "x" * (size - 25)} for number in range(count)]
