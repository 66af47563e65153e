"""The documented monitoring queries work as they are printed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import single

START = """
SELECT * FROM pgflow.start_flow(flow_slug => 'greet_user',
  input => '{"first_name": "Alice", "last_name": "Smith"}'::jsonb);
"""

RUN = "SELECT status, output, remaining_steps FROM pgflow.runs WHERE run_id = '...';"

OUTPUTS = """
SELECT ss.step_slug, ss.status, st.output FROM pgflow.step_states ss
  LEFT JOIN pgflow.step_tasks st ON ss.run_id = st.run_id
  AND ss.step_slug = st.step_slug AND st.status = 'completed' WHERE ss.run_id = '...';
"""

LIVE_TASKS = """
SELECT run_id, step_slug, status, attempts_count, queued_at, started_at, last_worker_id
  FROM pgflow.step_tasks
  WHERE status IN ('queued', 'started') ORDER BY queued_at ASC;
"""

DURATIONS = """
SELECT step_slug, status, started_at, completed_at, failed_at,
  EXTRACT(EPOCH FROM (COALESCE(completed_at, failed_at) - started_at)) AS
  duration_seconds FROM pgflow.step_states WHERE run_id = '...' ORDER BY created_at ASC;
"""

FAILURES = """
SELECT ss.step_slug, st.attempts_count, st.error_message, st.failed_at FROM pgflow.step_states ss
  JOIN pgflow.step_tasks st ON
  ss.run_id = st.run_id AND ss.step_slug = st.step_slug
  WHERE ss.run_id = '...' AND ss.status = 'failed';
"""

WORKERS = """
SELECT worker_id, last_heartbeat FROM pgflow.workers
  WHERE last_heartbeat > now() - interval '6 seconds';
"""

DELETE = "SELECT pgflow.delete_flow_and_data('your_flow_slug');"


def ask(engine: Engine, query: str, run_id: UUID | None = None) -> list[dict[str, Any]]:
    """Run the very text, with the run id where the dots are."""
    cursor = engine.connection.execute(query.replace("...", str(run_id)).encode())
    return cursor.fetchall()


@pytest.fixture
def run_id(engine: Engine) -> UUID:
    engine.flow(single("full_name"), single("greeting", "full_name"), slug="greet_user")
    (run,) = ask(engine, START)
    return run["run_id"]


def test_a_run_is_started(engine: Engine, run_id: UUID) -> None:
    assert engine.run(run_id)["input"] == {"first_name": "Alice", "last_name": "Smith"}


def test_a_run_shows_its_progress(engine: Engine, run_id: UUID) -> None:
    engine.finish(run_id, "full_name", "Alice Smith")

    before = ask(engine, RUN, run_id)
    engine.finish(run_id, "greeting", "Hello, Alice Smith!")
    after = ask(engine, RUN, run_id)

    assert before == [{"status": "started", "output": None, "remaining_steps": 1}]
    assert after == [
        {
            "status": "completed",
            "output": {"greeting": "Hello, Alice Smith!"},
            "remaining_steps": 0,
        }
    ]


def test_steps_show_their_outputs(engine: Engine, run_id: UUID) -> None:
    engine.finish(run_id, "full_name", "Alice Smith")

    rows = ask(engine, OUTPUTS, run_id)

    assert {row["step_slug"]: (row["status"], row["output"]) for row in rows} == {
        "full_name": ("completed", "Alice Smith"),
        "greeting": ("started", None),
    }


def test_live_tasks_show_who_works_on_them(engine: Engine, run_id: UUID) -> None:
    worker_id = engine.worker()
    engine.start_step(run_id, "full_name", worker_id)

    (task,) = ask(engine, LIVE_TASKS)

    assert (task["run_id"], task["step_slug"], task["status"]) == (run_id, "full_name", "started")
    assert (task["attempts_count"], task["last_worker_id"]) == (1, worker_id)


def test_steps_show_how_long_they_took(engine: Engine, run_id: UUID) -> None:
    engine.finish(run_id, "full_name", "Alice Smith")

    rows = {row["step_slug"]: row for row in ask(engine, DURATIONS, run_id)}

    assert rows["full_name"]["duration_seconds"] >= 0
    assert rows["greeting"]["duration_seconds"] is None


def test_a_duration_grows_while_a_step_is_worked_on(engine: Engine, run_id: UUID) -> None:
    engine.start_step(run_id, "full_name")
    engine.advance(30)
    engine.complete(run_id, "full_name", "Alice Smith")

    rows = {row["step_slug"]: row for row in ask(engine, DURATIONS, run_id)}

    assert float(rows["full_name"]["duration_seconds"]) == pytest.approx(30, abs=5)


def test_failed_steps_show_why(engine: Engine, run_id: UUID) -> None:
    engine.exhaust(run_id, "full_name", "no name given")

    (failure,) = ask(engine, FAILURES, run_id)

    assert (failure["step_slug"], failure["attempts_count"]) == ("full_name", 3)
    assert (failure["error_message"], failure["failed_at"] is not None) == ("no name given", True)


def test_live_workers_are_shown(engine: Engine) -> None:
    gone = engine.worker()
    engine.advance(7)
    live = engine.worker()

    rows = ask(engine, WORKERS)

    assert gone != live
    assert [row["worker_id"] for row in rows] == [live]


def test_a_flow_is_deleted(engine: Engine) -> None:
    engine.flow(single("a"), slug="your_flow_slug")

    ask(engine, DELETE)

    assert engine.rows("select from pgflow.flows") == []
