"""Why a run is where it is: the true reason in every situation."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine, Row
from tests.support.flow_spec import StepSpec


def explain(engine: Engine, run_id: UUID) -> dict[str, Row]:
    """The explanation by step, where each step has one reason only."""
    rows = engine.rows("select * from pgflow.explain_run(%(id)s)", id=run_id)
    return {row["step_slug"]: row for row in rows}


def serve(engine: Engine, *flow_slugs: str, name: str = "tests") -> UUID:
    """A worker that has registered for these flows."""
    worker_id = uuid4()
    engine.do(
        "select pgflow.register_worker(%(id)s, 'queue', %(name)s, %(slugs)s::text[])",
        id=worker_id,
        name=name,
        slugs=list(flow_slugs),
    )
    return worker_id


@pytest.fixture
def run_id(engine: Engine) -> UUID:
    """A run of two steps, one after the other, of which nothing has been done."""
    engine.flow(StepSpec("first"), StepSpec("second", deps=("first",)), base_delay=30)
    return engine.start()


def seconds(span: timedelta) -> float:
    return span.total_seconds()


def test_a_step_waits_for_its_dependencies(engine: Engine, run_id: UUID) -> None:
    reason = explain(engine, run_id)["second"]

    assert (reason["situation"], reason["waits_for"]) == ("waiting", ["first"])


def test_nobody_serves_the_flow(engine: Engine, run_id: UUID) -> None:
    serve(engine, "another_flow")

    assert explain(engine, run_id)["first"]["situation"] == "no_worker"


def test_a_worker_that_has_stopped_serves_nothing(engine: Engine, run_id: UUID) -> None:
    engine.do("select pgflow.mark_worker_stopped(%(id)s)", id=serve(engine, "flow"))

    assert explain(engine, run_id)["first"]["situation"] == "no_worker"


def test_the_workers_are_busy(engine: Engine, run_id: UUID) -> None:
    serve(engine, "flow")

    reason = explain(engine, run_id)["first"]

    assert reason["situation"] == "waiting_for_slot"
    assert reason["due_at"] <= engine.value("select clock_timestamp()")


def test_a_worker_that_names_only_its_queue_serves_that_flow(engine: Engine, run_id: UUID) -> None:
    engine.worker()

    assert explain(engine, run_id)["first"]["situation"] == "waiting_for_slot"


def test_the_workers_drain(engine: Engine, run_id: UUID) -> None:
    serve(engine, "flow")
    engine.do("update pgflow.workers set deprecated_at = now()")

    assert explain(engine, run_id)["first"]["situation"] == "workers_draining"


def test_the_workers_do_not_answer(engine: Engine, run_id: UUID) -> None:
    serve(engine, "flow")
    engine.do("update pgflow.workers set last_heartbeat_at = now() - interval '5 seconds'")

    assert explain(engine, run_id)["first"]["situation"] == "workers_silent"


def test_the_function_that_serves_the_flow_is_disabled(engine: Engine, run_id: UUID) -> None:
    engine.do("select pgflow.mark_worker_stopped(%(id)s)", id=serve(engine, "flow", name="shop"))
    engine.do("insert into pgflow.worker_functions (function_name, enabled) values ('shop', false)")

    assert explain(engine, run_id)["first"]["situation"] == "function_disabled"


def test_the_run_is_paused(engine: Engine, run_id: UUID) -> None:
    engine.do("select pgflow.pause_run(%(id)s)", id=run_id)
    engine.finish(run_id, "first", "done")

    reason = explain(engine, run_id)["second"]

    assert reason["situation"] == "paused"
    assert reason["since"] == engine.run(run_id)["paused_at"]


def test_a_retry_is_due_at_a_time(engine: Engine, run_id: UUID) -> None:
    serve(engine, "flow")
    engine.start_step(run_id, "first")
    engine.fail(run_id, "first", "no route")

    reason = explain(engine, run_id)["first"]

    assert (reason["situation"], reason["error_message"]) == ("retry_due", "no route")
    assert (reason["attempt"], reason["max_attempts"]) == (1, 3)
    assert 15 < seconds(reason["due_at"] - engine.value("select clock_timestamp()")) < 31


def test_a_start_delay_ends_at_a_time(engine: Engine) -> None:
    engine.flow(StepSpec("later", start_delay=60))
    serve(engine, "flow")

    reason = explain(engine, engine.start())["later"]

    assert reason["situation"] == "start_delay"
    assert 30 < seconds(reason["due_at"] - engine.value("select clock_timestamp()")) < 61


def test_a_worker_works_on_it(engine: Engine, run_id: UUID) -> None:
    worker_id = serve(engine, "flow")
    engine.claim(worker_id)

    reason = explain(engine, run_id)["first"]

    assert (reason["situation"], reason["worker_id"]) == ("running", worker_id)


def test_a_draining_worker_finishes_what_it_has(engine: Engine, run_id: UUID) -> None:
    engine.claim(serve(engine, "flow"))
    engine.do("update pgflow.workers set deprecated_at = now()")

    assert explain(engine, run_id)["first"]["situation"] == "running"


def test_a_worker_that_has_it_was_paused(
    engine: Engine, run_id: UUID, pgflow_database: PgflowDatabase
) -> None:
    worker_id = serve(engine, "flow")
    engine.claim(worker_id)
    session = Engine.connect(pgflow_database.dsn)
    session.do("select pgflow.hold_worker_lock(%(id)s)", id=worker_id)
    engine.do("update pgflow.workers set last_heartbeat_at = now() - interval '5 seconds'")

    assert explain(engine, run_id)["first"]["situation"] == "worker_silent"

    session.close()


def test_a_worker_that_has_it_is_dead(engine: Engine, run_id: UUID) -> None:
    engine.claim(serve(engine, "flow"))
    engine.do(
        "update pgflow.workers set last_heartbeat_at = now() - interval '5 seconds',"
        " holds_lock = true"
    )

    assert explain(engine, run_id)["first"]["situation"] == "worker_dead"


def test_a_lease_has_run_out(engine: Engine, run_id: UUID) -> None:
    engine.claim(serve(engine, "flow"))
    engine.advance(62)
    engine.do("update pgflow.workers set last_heartbeat_at = now()")

    assert explain(engine, run_id)["first"]["situation"] == "lease_expired"


def test_the_tasks_of_a_map_are_counted_by_situation(engine: Engine) -> None:
    engine.flow(StepSpec("many", step_type="map"))
    run_id = engine.start("flow", [1, 2, 3, 4])
    engine.claim(serve(engine, "flow"), quantity=2)
    engine.complete(run_id, "many")

    rows = engine.rows("select situation, tasks from pgflow.explain_run(%(id)s)", id=run_id)

    assert rows == [
        {"situation": "running", "tasks": 1},
        {"situation": "waiting_for_slot", "tasks": 2},
    ]


def test_a_task_without_its_message_is_a_contradiction(engine: Engine, run_id: UUID) -> None:
    engine.do("delete from pgmq.q_flow")

    assert explain(engine, run_id)["first"]["situation"] == "inconsistent"


def test_a_run_that_has_ended_needs_no_explanation(engine: Engine, run_id: UUID) -> None:
    engine.cancel(run_id)

    assert explain(engine, run_id) == {}


def test_an_unknown_run_is_an_error(engine: Engine) -> None:
    run_id = uuid4()

    refused = engine.error("select pgflow.explain_run(%(id)s)", id=run_id)

    assert refused.sqlstate == "PF002"
    assert refused.message_primary == f"run {run_id} does not exist"
