"""Whom a worker answers, over real HTTP."""

from __future__ import annotations

import socket

import pytest

from pgflow.asgi import cron_worker
from pgflow.asgi.guard import Guard
from tests.asgi.flows import double
from tests.support.http import served
from tests.worker.workbench import Workbench

ORDER = {"flow_slug": "double"}
WRONG = "the secret is missing or wrong. Send it as: Authorization: Bearer <PGFLOW_AUTH_SECRET>"


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        "Basic s3cret-and-more",
        "s3cret-and-more",
        "Bearer s3cret",
    ],
)
async def test_who_does_not_know_the_secret_is_refused(bench: Workbench, shown: str | None) -> None:
    headers = {} if shown is None else {"Authorization": shown}
    app = cron_worker(double, database_url=bench.dsn, auth_secret="s3cret-and-more")

    async with served(app) as client:
        answer = await client.post("/", json=ORDER, headers=headers)

    assert answer.status_code == 401
    assert answer.json() == {"status": "error", "error": WRONG}
    assert answer.headers["www-authenticate"] == "Bearer"
    assert bench.engine.rows("select from pgflow.workers") == []


async def test_the_secret_of_the_environment_opens_everything(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_AUTH_SECRET", "s3cret")

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        paths = ("/flows", "/flows/double", "/metrics")
        without = [(await client.get(path)).status_code for path in paths]
        client.headers["Authorization"] = "Bearer s3cret"
        with_it = [(await client.get(path)).status_code for path in paths]
        worked = await client.post("/", json=ORDER)

    assert (without, with_it, worked.status_code) == ([401] * 3, [200] * 3, 200)


async def test_health_needs_no_secret_where_there_is_one(bench: Workbench) -> None:
    app = cron_worker(double, database_url=bench.dsn, auth_secret="s3cret")

    async with served(app, host=own_address()) as client:
        answer = await client.get("/health")

    assert answer.json() == {"status": "ok", "database": "ok"}


async def test_without_a_secret_only_this_machine_is_answered(bench: Workbench) -> None:
    address = own_address()

    async with served(cron_worker(double, database_url=bench.dsn), host=address) as client:
        answers = [await client.post("/", json=ORDER), await client.get("/health")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["error"] == (
        f"a request from {address} needs a secret, and this worker has none. "
        "Send it as: Authorization: Bearer <PGFLOW_AUTH_SECRET>"
    )


@pytest.mark.parametrize(
    ("header", "value"),
    [("X-Forwarded-For", "203.0.113.7"), ("Forwarded", "for=203.0.113.7"), ("Origin", "null")],
)
async def test_what_a_proxy_or_a_browser_passes_on_is_not_from_this_machine(
    bench: Workbench, header: str, value: str
) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.post("/", json=ORDER, headers={header: value})

    assert answer.status_code == 401


def test_a_worker_without_a_secret_says_so_at_its_start(caplog: pytest.LogCaptureFixture) -> None:
    Guard.on_duty(None)

    assert caplog.messages[0] == (
        "no secret is set: the worker answers only programs of this machine. "
        "Set PGFLOW_AUTH_SECRET to let others in"
    )


def test_an_empty_secret_is_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PGFLOW_AUTH_SECRET", "")

    assert Guard.on_duty("").secret is None
    assert caplog.messages


def own_address() -> str:
    """An address of this machine that is not its loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: this only asks which address would be used.
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but its loopback")
        return probe.getsockname()[0]
