"""Requests that are not worked on, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pgflow import Flow
from pgflow.asgi import cron_worker
from tests.asgi.flows import chain, double
from tests.support.http import served
from tests.worker.workbench import Workbench

NOT_JSON = 'the body is not JSON, expected an object such as {"flow_slug": "my_flow"}'
NO_OBJECT = 'the body is no JSON object, expected one such as {"flow_slug": "my_flow"}'
NO_SLUG = "expected the slug of a flow"


def thrice(number: int) -> int:
    return number * 3


def order(**members: Any) -> bytes:
    return json.dumps({"flow_slug": "double", **members}).encode()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", NOT_JSON),
        (b"flow_slug=double", NOT_JSON),
        (b"\xff\xfe", NOT_JSON),
        (b"[" * 50_000, NOT_JSON),
        (b"[]", NO_OBJECT),
        (b"null", NO_OBJECT),
        (b"{}", f"flow_slug is missing, {NO_SLUG}"),
        (order(flow_slug=7), f"flow_slug is 7, {NO_SLUG}"),
        (order(flow_slug=""), f'flow_slug is "", {NO_SLUG}'),
        (order(batch_size=0), "batch_size is 0, expected a whole number from 1 to 1000"),
        (order(batch_size=1001), "batch_size is 1001, expected a whole number from 1 to 1000"),
        (order(batch_size=True), "batch_size is true, expected a whole number from 1 to 1000"),
        (order(batch_size=2.5), "batch_size is 2.5, expected a whole number from 1 to 1000"),
        (order(max_concurrent=0), "max_concurrent is 0, expected a whole number from 1 to 10"),
        (
            order(batch_size=3, max_concurrent=4),
            "max_concurrent is 4, expected a whole number from 1 to 3",
        ),
        (order(max_concurrent="5"), 'max_concurrent is "5", expected a whole number from 1 to 10'),
        (
            order(batchsize=5),
            "batchsize is not known here, expected flow_slug, batch_size, max_concurrent",
        ),
        (b" " * 10_000_000, "the body is too large, expected at most 65536 bytes"),
    ],
)
async def test_a_bad_request_is_told_which_member_is_wrong_and_why(
    bench: Workbench, body: bytes, complaint: str
) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", content=body)

    assert answer.status_code == 400
    assert (answer.json()["status"], answer.json()["error"]) == ("error", complaint)
    assert bench.engine.rows("select from pgflow.workers") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [(rb'{"flow_slug": "\ud800"}', 404), (rb'{"flow_slug": "double", "\ud800": 1}', 400)],
)
async def test_half_a_character_is_refused_like_any_other_mistake(
    bench: Workbench, body: bytes, status: int
) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", content=body)

    assert answer.status_code == status
    assert "\ud800" in answer.json()["error"]


async def test_a_refusal_repeats_what_was_understood(bench: Workbench) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", content=order(batch_size=0, max_concurrent="x"))

    assert answer.json() == {
        "status": "error",
        "flow_slug": "double",
        "batch_size": 0,
        "max_concurrent": None,
        "worker_id": None,
        "processed": 0,
        "completed": 0,
        "failed": 0,
        "error": "batch_size is 0, expected a whole number from 1 to 1000",
    }


async def test_an_unknown_flow_is_told_which_flows_there_are(bench: Workbench) -> None:
    async with served(cron_worker([double, chain], database_url=bench.dsn)) as client:
        answer = await client.post("/", content=order(flow_slug="other"))

    assert answer.status_code == 404
    expected = "flow 'other' is not served here. Served are: double, chain"
    assert answer.json()["error"] == expected


async def test_a_flow_that_must_not_be_deployed_is_a_failure_of_the_server(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.register(double)
    other = Flow("double")
    other.step(slug="thrice")(thrice)
    monkeypatch.setenv("PGFLOW_ENV", "production")

    async with served(cron_worker(other, database_url=bench.dsn)) as client:
        answer = await client.post("/", content=order())

    assert answer.status_code == 500
    assert answer.json()["error"].startswith("Flow 'double' structure mismatch\n")


async def test_an_unexpected_failure_shows_no_traceback(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(**_: Any) -> None:
        raise RuntimeError("the very secret reason")

    monkeypatch.setattr("pgflow.asgi.batches.Worker", lambda _, **settings: break_down(**settings))

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", content=order())

    assert answer.status_code == 500
    assert answer.json()["error"] == "the worker has failed. Look at its log"
    assert "the very secret reason" in caplog.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 405), ("POST", "/no", 404)])
async def test_what_is_not_served_is_refused_as_json(
    bench: Workbench, method: str, path: str, status: int
) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.request(method, path)

    assert (answer.status_code, answer.json()["status"]) == (status, "error")
