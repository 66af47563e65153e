"""Events where the database offers `realtime.send`, as Supabase does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.support.jsonb import Json

STAND_IN = """
create schema realtime;
create table realtime.sent (
  number int generated always as identity, payload jsonb, event text, topic text, private boolean
);
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language sql as $$
  insert into realtime.sent (payload, event, topic, private)
  values (send.payload, send.event, send.topic, send.private)
$$;
"""

BROKEN = """
create or replace function realtime.send(
  payload jsonb, event text, topic text, private boolean default true
) returns void language plpgsql as $$ begin raise exception 'realtime is away'; end $$;
"""


@pytest.fixture(autouse=True)
def realtime(engine: Engine) -> None:
    engine.connection.execute(STAND_IN)


def sent(engine: Engine, run_id: UUID) -> list[dict[str, Any]]:
    return engine.rows(
        "select * from realtime.sent where topic = %(topic)s order by number",
        topic=f"pgflow:run:{run_id}",
    )


def events(engine: Engine, run_id: UUID) -> list[str]:
    return [row["event"] for row in sent(engine, run_id)]


def payload(engine: Engine, run_id: UUID, event: str) -> dict[str, Any]:
    (row,) = (row for row in sent(engine, run_id) if row["event"] == event)
    return row["payload"]


def column(engine: Engine, run_id: UUID, table: str, name: str) -> Json:
    """A timestamp as JSON writes it."""
    document = engine.value("select pgflow.get_run_with_states(%(id)s)", id=run_id)
    row = (
        document["run"]
        if table == "run"
        else next(step for step in document["steps"] if step["step_slug"] == table)
    )
    return row[name]


def test_a_run_is_told_from_its_start_to_its_end(engine: Engine) -> None:
    engine.flow(single("b"), single("a"), single("c", "a", "b"))

    run_id = engine.start()
    engine.finish(run_id, "b", 1)
    engine.finish(run_id, "a", 1)
    engine.finish(run_id, "c", 1)

    assert events(engine, run_id) == [
        "run:started",
        "step:a:started",
        "step:b:started",
        "step:b:completed",
        "step:a:completed",
        "step:c:started",
        "step:c:completed",
        "run:completed",
    ]


def test_events_are_public(engine: Engine) -> None:
    engine.flow(single("a"))

    run_id = engine.start()

    assert {row["private"] for row in sent(engine, run_id)} == {False}


def test_a_start_says_everything(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))

    run_id = engine.start("flow", {"x": 1})

    assert payload(engine, run_id, "run:started") == {
        "event_type": "run:started",
        "run_id": str(run_id),
        "flow_slug": "flow",
        "input": {"x": 1},
        "status": "started",
        "remaining_steps": 2,
        "started_at": column(engine, run_id, "run", "started_at"),
    }
    assert payload(engine, run_id, "step:a:started") == {
        "event_type": "step:started",
        "run_id": str(run_id),
        "step_slug": "a",
        "status": "started",
        "started_at": column(engine, run_id, "a", "started_at"),
        "remaining_tasks": 1,
        "remaining_deps": 0,
    }


def test_a_completion_says_everything(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    engine.finish(run_id, "a", {"y": [1]})

    assert payload(engine, run_id, "step:a:completed") == {
        "event_type": "step:completed",
        "run_id": str(run_id),
        "step_slug": "a",
        "status": "completed",
        "output": {"y": [1]},
        "completed_at": column(engine, run_id, "a", "completed_at"),
    }
    assert payload(engine, run_id, "run:completed") == {
        "event_type": "run:completed",
        "run_id": str(run_id),
        "flow_slug": "flow",
        "status": "completed",
        "output": {"a": {"y": [1]}},
        "completed_at": column(engine, run_id, "run", "completed_at"),
    }


def test_a_failure_says_everything(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1))
    run_id = engine.start()

    engine.exhaust(run_id, "a", "bad luck")

    assert payload(engine, run_id, "step:a:failed") == {
        "event_type": "step:failed",
        "run_id": str(run_id),
        "step_slug": "a",
        "status": "failed",
        "error_message": "bad luck",
        "failed_at": column(engine, run_id, "a", "failed_at"),
    }
    assert payload(engine, run_id, "run:failed") == {
        "event_type": "run:failed",
        "run_id": str(run_id),
        "flow_slug": "flow",
        "status": "failed",
        "error_message": "a: bad luck",
        "failed_at": column(engine, run_id, "run", "failed_at"),
    }
    assert events(engine, run_id)[-2:] == ["step:a:failed", "run:failed"]


def test_a_cancellation_says_everything(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    engine.cancel(run_id)

    assert payload(engine, run_id, "run:cancelled") == {
        "event_type": "run:cancelled",
        "run_id": str(run_id),
        "flow_slug": "flow",
        "status": "cancelled",
        "cancelled_at": column(engine, run_id, "run", "cancelled_at"),
    }


def test_a_skip_says_everything(engine: Engine) -> None:
    engine.flow(single("a", required={"ok": True}, when_unmet="skip-cascade"), single("b", "a"))

    run_id = engine.start()

    assert payload(engine, run_id, "step:b:skipped") == {
        "event_type": "step:skipped",
        "run_id": str(run_id),
        "flow_slug": "flow",
        "step_slug": "b",
        "status": "skipped",
        "skip_reason": "dependency_skipped",
        "skipped_at": column(engine, run_id, "b", "skipped_at"),
    }
    assert events(engine, run_id) == [
        "run:started",
        "step:a:skipped",
        "step:b:skipped",
        "run:completed",
    ]


def test_a_skip_after_a_failure_keeps_the_error(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1, when_exhausted="skip"))
    run_id = engine.start()

    engine.exhaust(run_id, "a", "bad luck")

    skipped = payload(engine, run_id, "step:a:skipped")
    assert (skipped["skip_reason"], skipped["error_message"]) == ("handler_failed", "bad luck")


def test_a_taskless_step_says_how_it_came(engine: Engine) -> None:
    engine.flow(map_over("each"))

    run_id = engine.start("flow", [])

    assert payload(engine, run_id, "step:each:completed") == {
        "event_type": "step:completed",
        "run_id": str(run_id),
        "step_slug": "each",
        "status": "completed",
        "output": [],
        "started_at": column(engine, run_id, "each", "started_at"),
        "completed_at": column(engine, run_id, "each", "completed_at"),
        "remaining_tasks": 0,
        "remaining_deps": 0,
    }
    assert events(engine, run_id) == ["run:started", "step:each:completed", "run:completed"]


def test_a_late_report_is_no_event(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    engine.finish(run_id, "a", 1)
    before = events(engine, run_id)

    engine.complete(run_id, "a", 2)
    engine.fail(run_id, "a")

    assert events(engine, run_id) == before


def test_a_sender_that_breaks_does_not_stop_a_run(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    engine.connection.execute(BROKEN)

    run_id = engine.start()
    engine.finish(run_id, "a", 1)
    engine.finish(run_id, "b", 2)

    assert (engine.run(run_id)["status"], sent(engine, run_id)) == ("completed", [])
