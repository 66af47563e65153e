"""What the views show that the command line and the playground read."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.support.engine import Engine, Row
from tests.support.flow_spec import StepSpec


@pytest.fixture
def run_id(engine: Engine) -> UUID:
    """A run whose first map has one task done, one that failed once, and one at work."""
    engine.flow(StepSpec("many", step_type="map"), StepSpec("last", deps=("many",)))
    run_id = engine.start("flow", [1, 2, 3])
    engine.start_step(run_id, "many")
    engine.complete(run_id, "many", "done")
    engine.fail(run_id, "many", "no route", index=1)
    return run_id


def progress(engine: Engine, run_id: UUID) -> dict[str, Row]:
    rows = engine.rows("select * from pgflow.step_progress where run_id = %(id)s", id=run_id)
    return {row["step_slug"]: row for row in rows}


class TestStepProgress:
    def test_the_tasks_of_a_step_are_counted(self, engine: Engine, run_id: UUID) -> None:
        many = progress(engine, run_id)["many"]

        counted = [many[f"{status}_tasks"] for status in ("queued", "started", "completed")]
        assert (many["tasks"], counted) == (3, [1, 1, 1])

    def test_the_last_error_of_a_task_is_shown(self, engine: Engine, run_id: UUID) -> None:
        many = progress(engine, run_id)["many"]

        assert (many["attempts"], many["error_message"]) == (1, "no route")

    def test_a_step_that_waits_has_no_tasks_yet(self, engine: Engine, run_id: UUID) -> None:
        last = progress(engine, run_id)["last"]

        assert (last["status"], last["dependencies"]) == ("created", ["many"])
        assert (last["started_at"], last["ended_at"]) == (None, None)

    def test_dependencies_are_in_the_order_of_the_definition(self, engine: Engine) -> None:
        engine.flow(StepSpec("z"), StepSpec("a"), StepSpec("both", deps=("a", "z")))

        assert progress(engine, engine.start())["both"]["dependencies"] == ["z", "a"]


class TestQueueDepths:
    def test_what_is_due_and_what_is_hidden_is_counted(self, engine: Engine, run_id: UUID) -> None:
        engine.flow(StepSpec("only"), slug="due")
        engine.start("due")
        engine.advance(1.5)

        rows = engine.rows("select * from pgflow.queue_depths()")

        assert [(row["flow_slug"], row["due"], row["hidden"]) for row in rows] == [
            ("due", 1, 0),
            ("flow", 0, 2),
        ]
        assert timedelta(seconds=1.5) <= rows[0]["oldest_due"] < timedelta(seconds=10)
        assert rows[1]["oldest_due"] == timedelta()

    def test_an_empty_queue_has_nothing(self, engine: Engine) -> None:
        engine.flow(StepSpec("only"))

        [row] = engine.rows("select due, oldest_due, hidden from pgflow.queue_depths()")

        assert row == {"due": 0, "oldest_due": timedelta(), "hidden": 0}

    def test_a_foreign_message_is_counted_like_any_other(self, engine: Engine) -> None:
        engine.flow(StepSpec("only"))
        engine.do("""insert into pgmq.q_flow (vt, message) values (now(), '{"run_id": "?"}')""")

        assert engine.value("select due from pgflow.queue_depths()") == 1


class TestFlowOverview:
    def test_runs_and_workers_are_counted(self, engine: Engine, run_id: UUID) -> None:
        engine.cancel(engine.start("flow", []))
        for slugs in (["flow", "other"], ["other"]):
            engine.do(
                "select pgflow.register_worker(%(id)s, 'q', 'host', %(slugs)s::text[])",
                id=uuid4(),
                slugs=slugs,
            )

        [flow] = engine.rows("select steps, open_runs, runs, workers from pgflow.flow_overview")

        assert flow == {"steps": 2, "open_runs": 1, "runs": 2, "workers": 1}


class TestStepDefinitions:
    def test_options_that_are_not_set_are_those_of_the_flow(self, engine: Engine) -> None:
        engine.flow(StepSpec("own", max_attempts=1, start_delay=4), StepSpec("inherits"), timeout=9)

        rows = engine.rows(
            """select step_slug, max_attempts, base_delay, timeout, start_delay
            from pgflow.step_definitions order by step_index"""
        )

        assert [tuple(row.values()) for row in rows] == [
            ("own", 1, 5, 9, 4),
            ("inherits", 3, 5, 9, 0),
        ]
