"""The end of a worker process: what it holds goes back, it says so, and it ends in time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.fault_flows import FOR_EVER
from tests.support.recoveries import holder_of, joined, output_of, stuck_tasks
from tests.support.worker_process import Crew, WorkerProcess

pytestmark = pytest.mark.slow

# What comes on top of the time that handlers get: last reports, good-byes, the end of the process.
ROUNDING_OFF = 12.0


def ask(worker: WorkerProcess, engine: Engine) -> None:
    worker.asks_to_stop()


def deprecate(worker: WorkerProcess, engine: Engine) -> None:
    engine.do("update pgflow.workers set deprecated_at = now()")


@pytest.mark.parametrize("asking", [ask, deprecate], ids=["SIGTERM", "deprecated_at"])
def test_a_worker_that_is_asked_to_stop_hands_back_what_is_left_and_ends_in_time(
    engine: Engine, crew: Crew, asking: Callable[[WorkerProcess, Engine], None]
) -> None:
    worker = joined(crew, shutdown_timeout=1)
    run_id = engine.start("stuck", [{"stuck": FOR_EVER}])
    holder_of(engine, [worker], run_id)

    began = time.monotonic()
    asking(worker, engine)
    status = worker.ends()
    took = time.monotonic() - began

    assert (status, took < 1 + ROUNDING_OFF) == (0, True), worker.output
    tasks = stuck_tasks(engine, run_id)
    assert {(task["status"], task["attempts_count"]) for task in tasks} == {("queued", 0)}
    assert worker.row["stopped_at"] is not None


def test_a_second_signal_stops_at_once(engine: Engine, crew: Crew) -> None:
    worker = joined(crew, shutdown_timeout=FOR_EVER)
    run_id = engine.start("stuck", [{"stuck": FOR_EVER}])
    holder_of(engine, [worker], run_id)
    worker.asks_to_stop()
    eventually(lambda: _claims_nothing_more(engine))

    began = time.monotonic()
    worker.asks_to_stop()
    status = worker.ends()

    assert (status, time.monotonic() - began < ROUNDING_OFF) == (0, True), worker.output
    tasks = stuck_tasks(engine, run_id)
    assert {(task["status"], task["attempts_count"]) for task in tasks} == {("queued", 0)}


def test_what_was_handed_back_runs_elsewhere_at_once(engine: Engine, crew: Crew) -> None:
    leaving = joined(crew, shutdown_timeout=0)
    run_id = engine.start("stuck", [{"stuck": 1}])
    holder_of(engine, [leaving], run_id)
    joined(crew)
    engine.do("""update pgflow.step_tasks set input = '{"stuck": 0}' where status = 'started'""")

    leaving.asks_to_stop()

    assert output_of(engine, run_id) == {"on_the_loop": [1], "in_a_thread": [1]}
    leaving.ends()


def test_a_retry_happens_in_time_though_the_worker_that_knew_of_it_has_gone(
    engine: Engine, crew: Crew
) -> None:
    leaving = joined(crew)
    staying = joined(crew)
    staying.pause()
    run_id = engine.start("again")
    eventually(lambda: engine.task(run_id, "try_again")["error_message"])
    staying.resume()

    leaving.asks_to_stop()
    leaving.ends()

    assert output_of(engine, run_id) == {"try_again": 2}


def _claims_nothing_more(engine: Engine) -> bool:
    """Whether the worker has got the signal: new work stays where it is."""
    run_id = engine.start("again")
    engine.advance(0)
    try:
        eventually(lambda: engine.task(run_id, "try_again")["attempts_count"], within=3)
    except AssertionError:
        engine.cancel(run_id)
        return True
    return False
