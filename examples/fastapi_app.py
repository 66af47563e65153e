"""A FastAPI application that takes orders, and works on them when it is asked to.

`POST /orders` starts a run and answers at once. Whoever calls `POST /worker/` from time to time,
pg_cron for instance, has a batch of tasks worked on: no process has to run for ever.

    PGFLOW_AUTH_SECRET=... uvicorn examples.fastapi_app:app
"""

from __future__ import annotations

from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel

from pgflow import AsyncClient, Flow
from pgflow.asgi import cron_worker


class Parcel(BaseModel):
    city: str
    weight: float


parcels = Flow("parcels", input=Parcel)


@parcels.step()
def price(parcel: Parcel) -> float:
    return 3 + 2 * parcel.weight


@parcels.step(parcels.input, price)
def label(parcel: Parcel, price: float) -> str:
    return f"{parcel.city}: {price:.2f} EUR"


def create_app(database_url: str | None = None) -> FastAPI:
    """The application, on the database that the environment names unless another one is given."""
    app = FastAPI()
    client = AsyncClient(database_url)

    @app.post("/orders")
    async def take_order(parcel: Parcel) -> dict[str, UUID]:  # pyright: ignore[reportUnusedFunction]
        run = await client.start(parcels, parcel)
        return {"run_id": run.run_id}

    app.mount("/worker", cron_worker(parcels, database_url=database_url))
    return app


app = create_app()
