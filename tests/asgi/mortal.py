"""An application for uvicorn in a process that is going to be killed.

`STUCK` in its environment makes the handlers of odd numbers wait for that.
"""

from __future__ import annotations

import asyncio
import os

from pgflow import Flow, current_task
from pgflow.asgi import cron_worker

letters = Flow("letters", input=int)


@letters.step()
async def post(number: int) -> int:
    if number % 2 and "STUCK" in os.environ:
        await asyncio.Event().wait()
    async with current_task().transaction() as connection:
        await connection.execute("insert into posted values (%s, %s)", [number, os.getpid()])
    return number


if "STUCK" in os.environ:
    app = cron_worker(letters)
