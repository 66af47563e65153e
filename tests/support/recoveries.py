"""Workers that are in the middle of something, and how long it takes until others take over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.support.engine import Engine, Row
from tests.support.eventually import eventually
from tests.support.worker_process import Crew, WorkerProcess

FLOWS = "tests.support.fault_flows:ALL"
PATIENCE = 60.0


def joined(crew: Crew, *wrapper: str, **options: Any) -> WorkerProcess:
    """A worker process that is ready to work."""
    worker = crew(FLOWS, *wrapper, **{"concurrency": 8, "shutdown_timeout": 1, **options})
    worker.until_registered()
    return worker


def stuck_tasks(engine: Engine, run_id: UUID) -> list[Row]:
    """The tasks of a run of `stuck` whose first attempts take for ever."""
    return [task for task in engine.tasks(run_id).values() if "stuck" in json.dumps(task["input"])]


def holder_of(
    engine: Engine, workers: Sequence[WorkerProcess], run_id: UUID, *, attempt: int = 1
) -> WorkerProcess:
    """The only worker there is, when it makes this attempt at all of the run's stuck tasks."""
    (holder,) = holders_of(engine, workers, run_id, attempt=attempt)
    return holder


def holders_of(
    engine: Engine, workers: Sequence[WorkerProcess], run_id: UUID, *, attempt: int = 1
) -> list[WorkerProcess]:
    """The workers that make this attempt at the run's stuck tasks.

    One claim brings all of them, unless another worker is just as quick.
    """
    eventually(
        lambda: (
            {(task["status"], task["attempts_count"]) for task in stuck_tasks(engine, run_id)}
            == {("started", attempt)}
        ),
        within=PATIENCE,
    )
    holders = {task["last_worker_id"] for task in stuck_tasks(engine, run_id)}
    return [one for one in workers if one.is_alive and one.row["worker_id"] in holders]


def output_of(engine: Engine, run_id: UUID) -> Any:
    """What the run returns, when it has completed."""
    eventually(lambda: engine.run(run_id)["status"] == "completed", within=PATIENCE)
    return engine.run(run_id)["output"]


def second_attempts(engine: Engine, run_id: UUID) -> list[datetime]:
    """When the stuck tasks of the run were begun for the second time, after it has completed."""
    output_of(engine, run_id)
    return [
        task["started_at"] for task in stuck_tasks(engine, run_id) if task["attempts_count"] == 2
    ]
