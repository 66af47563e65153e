"""Flows whose handlers run in other processes: those find a step by its module and name."""

from __future__ import annotations

import os
import time
from typing import Any

from pgflow.definition.flow import Flow
from pgflow.errors import Fail
from pgflow.worker import current_task

somewhere = Flow("somewhere", input=dict[str, int], max_attempts=1)


@somewhere.step()
def place(_: dict[str, int]) -> int:
    return os.getpid()


@somewhere.step(place)
def context(pid: int) -> dict[str, Any]:
    task = current_task()
    return {
        "pid": pid,
        "run_id": str(task.run_id),
        "worker_id": str(task.worker_id),
        "step": task.step_slug,
        "attempt": [task.attempt, task.max_attempts],
        "flow_input": task.flow_input(),
        "cancelled": task.cancelled,
    }


writing = Flow("writing", input=str, max_attempts=1)


@writing.step()
def write(entry: str) -> str:
    with current_task().transaction() as connection:
        connection.execute("insert into ledger values (%s)", [entry])
    if entry == "fail":
        raise Fail("as asked")
    return entry


dying = Flow("dying", input=str, max_attempts=1)


@dying.step()
def die(how: str) -> str:
    match how:
        case "exit":
            raise SystemExit(1)
        case "kill":
            os._exit(9)
        case _:
            return how


endless = Flow("endless", input=str, max_attempts=1)


@endless.step()
def compute(how: str) -> str:
    while how == "endless":
        time.monotonic()
    return how
