"""Who works, what waits, and how fast it goes."""

from __future__ import annotations

from uuid import UUID

from tests.support.engine import Engine
from tests.web.api import Api


async def test_workers_show_what_they_hold(api: Api, engine: Engine) -> None:
    run_id = engine.start("shop", {"id": 7, "items": []})
    worker_id = engine.worker("shop-worker")
    engine.claim(worker_id, "shop")

    [worker] = (await api.get("/workers"))["workers"]

    assert (worker["name"], worker["state"], worker["held_tasks"]) == ("shop-worker", "alive", 1)
    [held] = worker["held"]
    assert (held["run_id"], held["step_slug"]) == (str(run_id), "check")
    assert (held["task_index"], held["attempt"]) == (0, 1)


async def test_queues_show_what_waits(api: Api, engine: Engine) -> None:
    for _ in range(3):
        engine.start("shop", {"id": 7, "items": []})
    engine.claim(engine.worker(), "shop", quantity=1)

    [queue] = (await api.get("/workers"))["queues"]

    assert (queue["flow_slug"], queue["queue_name"]) == ("shop", "shop")
    assert (queue["due"], queue["hidden"]) == (2, 1)
    assert queue["oldest_seconds"] >= 0
    assert queue["task_wait_seconds"] is None


async def test_queues_show_how_fast_it_went(api: Api, engine: Engine, run_id: UUID) -> None:
    [queue] = (await api.get("/workers"))["queues"]

    assert queue["sample_runs"] == 1
    assert queue["runs_per_second"] == 0.1
    for name in ("task_wait_seconds", "task_run_seconds", "run_seconds"):
        figures = queue[name]
        assert 0 <= figures["p50"] <= figures["p95"] <= figures["p99"]


async def test_workers_are_asked_to_end(api: Api, engine: Engine) -> None:
    worker_id = engine.worker()

    done = await api.post("/workers/drain", worker_ids=[str(worker_id)])

    assert done == {"drained": [str(worker_id)]}
    [worker] = (await api.get("/workers"))["workers"]
    assert worker["state"] == "draining"
    assert worker["deprecated_at"] is not None
