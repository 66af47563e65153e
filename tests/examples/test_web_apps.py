"""The web applications among the examples, over real HTTP."""

from __future__ import annotations

from uuid import UUID

from examples import fastapi_app, starlette_app
from pgflow import AsyncClient
from pgflow.testing import PgflowDatabase
from tests.support.http import served


async def test_an_order_is_taken_by_fastapi_and_worked_on_by_its_worker(
    pgflow_database: PgflowDatabase,
) -> None:
    client = AsyncClient(pgflow_database.dsn)
    async with served(fastapi_app.create_app(pgflow_database.dsn)) as browser:
        await browser.post("/worker/", json={"flow_slug": "parcels"})
        order = await browser.post("/orders", json={"city": "Bergen", "weight": 1.5})
        told = (await browser.post("/worker/", json={"flow_slug": "parcels"})).json()

    run = await client.get_run(UUID(order.json()["run_id"]))
    assert (told["status"], told["completed"]) == ("completed", 2)
    assert run.output == {"label": "Bergen: 6.00 EUR"}


async def test_a_worker_stands_beside_the_pages_of_starlette(
    pgflow_database: PgflowDatabase,
) -> None:
    async with served(starlette_app.create_app(pgflow_database.dsn)) as browser:
        page = await browser.get("/")
        await browser.post("/worker/", json={"flow_slug": "newsletter"})
        run = await AsyncClient(pgflow_database.dsn).start(starlette_app.newsletter, 3)
        told = (await browser.post("/worker/", json={"flow_slug": "newsletter"})).json()
        health = await browser.get("/worker/health")

    assert page.text.startswith("The newsletter")
    assert told["completed"] == 4
    assert (await run.refresh()).status == "completed"
    assert health.json()["status"] == "ok"
